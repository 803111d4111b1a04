//! Bytes as letters (RFC 4648).

/// The usual letters.
pub(crate) const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The letters that need no escape in URLs.
pub(crate) const URL_LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The bytes in these letters; padded, the text's length is a multiple of four.
pub(crate) fn encode(bytes: &[u8], letters: &[u8; 64], padded: bool) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..=group.len() {
            text.push(char::from(letters[(bits >> (18 - 6 * place) & 63) as usize]));
        }
        if padded {
            text.push_str(&"=="[..3 - group.len()]);
        }
    }
    text
}

/// The bytes of a text in letters of either kind, with or without padding.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if digits.len() % 4 == 1 || text.len() - digits.len() > 2 {
        return None;
    }
    let mut out = Vec::with_capacity(digits.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in digits.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    (bits == 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_in_decode() {
        assert_eq!(decode("aGk="), Some(b"hi".to_vec()));
        assert_eq!(decode("aGk"), Some(b"hi".to_vec()));
        assert_eq!(decode(""), Some(Vec::new()));
        for wrong in ["a", "aGl=", "a Gk", "aGk==="] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
        let bytes: Vec<u8> = (0..=255).collect();
        for (letters, padded) in [(LETTERS, true), (LETTERS, false), (URL_LETTERS, false)] {
            for end in 0..bytes.len() {
                assert_eq!(decode(&encode(&bytes[..end], letters, padded)).as_deref(), Some(&bytes[..end]));
            }
        }
        assert_eq!(encode(b"hi", LETTERS, true), "aGk=");
    }
}
