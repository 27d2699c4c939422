//! A gzip stream that unpacks to far more than it is, written by hand so that no compressor is needed.

use bytes::Bytes;

use crate::body::Source;

/// Matches in one repeated part. 13 bits each: a multiple of 8 keeps the part on byte boundaries.
const MATCHES: usize = 8 * 4096;
/// Bytes that one match copies.
const COPIED: usize = 258;
/// Parts: together they unpack to 1.1 GB.
const PARTS: u64 = 128;

/// Bits as deflate packs them: from the lowest bit of each byte upwards.
#[derive(Default)]
struct Bits {
    out: Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits {
    fn low_first(&mut self, value: u32, bits: u32) {
        self.held |= value << self.count;
        self.count += bits;
        while self.count >= 8 {
            self.out.push(self.held as u8);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    /// Huffman codes go in from their highest bit.
    fn code(&mut self, code: u32, bits: u32) {
        self.low_first(code.reverse_bits() >> (32 - bits), bits);
    }
}

/// `start` in a stored block, then more than a gigabyte of blanks in one block with the fixed code. The checksum at the end is wrong:
/// whoever gets there has read it all.
pub(crate) fn gzip_bomb(start: &[u8]) -> Source {
    let mut first = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 0];
    let length = u16::try_from(start.len()).expect("the start of a list is short");
    first.extend(length.to_le_bytes());
    first.extend((!length).to_le_bytes());
    first.extend(start);
    let mut bits = Bits::default();
    bits.low_first(0b011, 3); // the last block, fixed code
    bits.code(0x30 + u32::from(b' '), 8);
    // 11 bits so far; 5 literal blanks of 8 bits do not help, a match of 13 does: 24 bits end on a byte.
    longest_match(&mut bits);
    first.append(&mut bits.out);
    for _ in 0..MATCHES {
        longest_match(&mut bits);
    }
    let again = Bytes::from(std::mem::take(&mut bits.out));
    bits.code(0, 7); // end of block
    bits.low_first(0, 1);
    bits.out.extend([0; 8]);
    Source::Repeat { first: Some(first.into()), again, times: PARTS, last: Some(bits.out.into()) }
}

/// Length 258 (code 285), distance 1 (code 0).
fn longest_match(bits: &mut Bits) {
    bits.code(0b1100_0101, 8);
    bits.code(0, 5);
}

const _: () = assert!(MATCHES.is_multiple_of(8) && COPIED * MATCHES * PARTS as usize > 1 << 30);
