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
        let bytes = ENGINE.decode(text.replace(['\r', '\n'], "")).map_err(|_| Fault::Invalid("base64"))?;
        Ok(call.bytes(&bytes))
    }),
    Overload::function("detek", "base64.encode", &[Bytes], Gives::A(Text), |call, args| {
        let Value::Bytes(bytes) = args[0] else { return Err(Fault::NoSuchOverload) };
        call.charge(tenth(bytes.len()))?;
        Ok(call.text(&ENGINE.encode(bytes)))
    }),
];

/// As lenient as that of Go.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
