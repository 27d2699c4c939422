//! Base64 with the standard alphabet; padding may be missing.

use super::{Fault, Gives, Overload, tenth};
use crate::Kind::{Bytes, Text};
use crate::Value;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

pub(crate) static FUNCTIONS: &[Overload] = &[
    Overload::function("detek", "base64.decode", &[Text], Gives::A(Bytes), |call, args| {
        let Value::Text(text) = args[0] else { return Err(Fault::NoSuchOverload) };
        call.charge(tenth(text.len()))?;
        // Line breaks do not count, as in Go.
        let text = text.replace(['\r', '\n'], "");
        let bytes = PADDED.decode(&text).or_else(|_| BARE.decode(&text)).map_err(|_| Fault::Invalid("base64"))?;
        Ok(call.bytes(&bytes))
    }),
    Overload::function("detek", "base64.encode", &[Bytes], Gives::A(Text), |call, args| {
        let Value::Bytes(bytes) = args[0] else { return Err(Fault::NoSuchOverload) };
        call.charge(tenth(bytes.len()))?;
        Ok(call.text(&PADDED.encode(bytes)))
    }),
];

const PADDED: GeneralPurpose = engine(DecodePaddingMode::RequireCanonical);
const BARE: GeneralPurpose = engine(DecodePaddingMode::RequireNone);

/// As lenient as that of Go.
const fn engine(padding: DecodePaddingMode) -> GeneralPurpose {
    let lenient = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&STANDARD, lenient.with_decode_padding_mode(padding))
}
