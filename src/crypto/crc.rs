//! CRCs of contents that follow one another, from theirs.
//!
//! A CRC is a remainder modulo a polynomial over GF(2), so that appending `n` bytes multiplies it by `x^(8n)`. As in
//! zlib's `crc32_combine`, and some hundred times as fast as applying a matrix for every bit of `n`, which the library
//! that computes the CRCs does: completing an upload of 1,000 parts combines 999 times.

/// A CRC whose bits are reflected, and whose register begins and ends inverted: the three that S3 knows are.
#[derive(Clone, Copy)]
pub(super) struct Crc {
    /// x^0, the register's topmost bit.
    one: u64,
    /// The polynomial without its greatest power, reflected.
    polynomial: u64,
}

pub(super) const CRC32: Crc = Crc { one: 1 << 31, polynomial: 0xEDB8_8320 };
pub(super) const CRC32C: Crc = Crc { one: 1 << 31, polynomial: 0x82F6_3B78 };
pub(super) const CRC64_NVME: Crc = Crc { one: 1 << 63, polynomial: 0xAD93_D235_94C9_3659_u64.reverse_bits() };

impl Crc {
    /// The CRC of two contents, one after the other, from theirs and the length of the second in bytes.
    pub(super) fn combine(self, first: u64, second: u64, length: u64) -> u64 {
        // x^8 to the power of the length, by squaring.
        let (mut power, mut square, mut rest) = (self.one, self.one >> 8, length);
        while rest > 0 {
            if rest & 1 == 1 {
                power = self.times(power, square);
            }
            square = self.times(square, square);
            rest >>= 1;
        }
        self.times(power, first) ^ second
    }

    /// The product modulo the polynomial.
    fn times(self, one: u64, mut other: u64) -> u64 {
        let (mut product, mut bit) = (0, self.one);
        while bit > 0 {
            if one & bit != 0 {
                product ^= other;
            }
            other = if other & 1 == 1 { (other >> 1) ^ self.polynomial } else { other >> 1 };
            bit >>= 1;
        }
        product
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crc_fast::CrcAlgorithm;
    use proptest::prelude::*;

    const ALL: [(Crc, CrcAlgorithm); 3] =
        [(CRC32, CrcAlgorithm::Crc32IsoHdlc), (CRC32C, CrcAlgorithm::Crc32Iscsi), (CRC64_NVME, CrcAlgorithm::Crc64Nvme)];

    proptest! {
        #[test]
        fn two_crcs_combine_to_that_of_both_contents(
            first in proptest::collection::vec(any::<u8>(), 0..2_000),
            second in proptest::collection::vec(any::<u8>(), 0..2_000),
        ) {
            for (crc, algorithm) in ALL {
                let of = |bytes: &[u8]| crc_fast::checksum(algorithm, bytes);
                let length = u64::try_from(second.len()).unwrap();
                prop_assert_eq!(crc.combine(of(&first), of(&second), length), of(&[first.as_slice(), &second].concat()));
            }
        }

        #[test]
        fn whatever_its_length_the_second_combines_as_in_the_library(
            first in any::<u32>(),
            second in any::<u32>(),
            length in any::<u64>(),
        ) {
            let (first, second) = (u64::from(first), u64::from(second));
            for (crc, algorithm) in ALL {
                let theirs = crc_fast::checksum_combine(algorithm, first, second, length);
                prop_assert_eq!(crc.combine(first, second, length), theirs);
            }
        }
    }
}
