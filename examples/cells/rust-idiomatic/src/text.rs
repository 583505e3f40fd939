/// Returns memory of `size` bytes, but one at least, or ends the program where there is none.
///
/// It begins with the bytes of `old`, as far as there is room for them; the others are zero.
/// Without `old` all of it is new.
pub fn take_memory(old: Option<Vec<u8>>, size: usize) -> Vec<u8> {
    let size = size.max(1);
    let mut memory = old.unwrap_or_default();
    if memory
        .try_reserve_exact(size.saturating_sub(memory.len()))
        .is_err()
    {
        std::process::abort();
    }
    memory.resize(size, 0);
    memory
}

/// Returns a copy of some bytes of text, which the caller owns. No zero byte closes it, since a
/// `String` knows its length.
pub fn copy_bytes(bytes: &str) -> String {
    bytes.to_string()
}

/// Bytes that grow at their end; no zero byte closes them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    pub bytes: Vec<u8>,
}

impl Text {
    /// Returns a text without bytes (`text_init`).
    pub fn new() -> Text {
        Text { bytes: Vec::new() }
    }

    /// Gives up the bytes; the text is empty then, as a new one.
    pub fn free(&mut self) {
        *self = Text::new();
    }

    /// Adds some bytes at the end.
    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Adds all bytes of a word.
    pub fn add_word(&mut self, word: &str) {
        self.add(word.as_bytes());
    }

    /// Adds a single byte.
    pub fn add_char(&mut self, letter: u8) {
        self.add(&[letter]);
    }

    /// Adds a number with at most four decimals, or "#####" where it is too large to be shown.
    pub fn add_number(&mut self, number: f64) {
        let size = if number < 0.0 { -number } else { number };
        if size.is_nan() || size >= LARGEST_SHOWN {
            self.add_word("#####");
            return;
        }
        let scaled = (size * f64::from(DECIMAL_SCALE) + 0.5) as u64;
        let mut decimals = scaled % u64::from(DECIMAL_SCALE);
        let mut width = DECIMALS;
        if number < 0.0 && scaled > 0 {
            self.add_char(b'-');
        }
        add_digits(self, scaled / u64::from(DECIMAL_SCALE), 1);
        if decimals == 0 {
            return;
        }
        while decimals % 10 == 0 {
            decimals /= 10;
            width -= 1;
        }
        self.add_char(b'.');
        add_digits(self, decimals, width);
    }
}

const LARGEST_SHOWN: f64 = 1e12;

const DECIMALS: usize = 4;

const DECIMAL_SCALE: u32 = 10000;

/// Adds the digits of a number, with zeros in front up to a width.
fn add_digits(text: &mut Text, number: u64, width: usize) {
    text.add_word(&format!("{number:0width$}"));
}
