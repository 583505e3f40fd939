/// As the most arguments of a function: it takes any number of them.
pub const ANY_NUMBER: usize = usize::MAX;

/// What a formula calls by name, such as SUM.
///
/// What the function does follows from its name: whoever applies it chooses the code by `name`
/// ("AVERAGE", "COUNT", "IF", "MAX", "MIN" or "SUM").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    /// Arguments it needs.
    pub least: usize,
    /// Arguments it takes, `ANY_NUMBER` where there is no limit.
    pub most: usize,
}

/// Returns the function of a name in capital letters, or `None`.
///
/// The functions stand in a table that belongs to this module, made once (a `std::sync::OnceLock`).
pub fn function_find(name: &str) -> Option<&'static Function> {
    functions().iter().find(|function| function.name == name)
}

static FUNCTIONS: std::sync::OnceLock<Vec<Function>> = std::sync::OnceLock::new();

fn functions() -> &'static [Function] {
    FUNCTIONS.get_or_init(|| {
        [
            ("AVERAGE", 1, ANY_NUMBER),
            ("COUNT", 1, ANY_NUMBER),
            ("IF", 2, 3),
            ("MAX", 1, ANY_NUMBER),
            ("MIN", 1, ANY_NUMBER),
            ("SUM", 1, ANY_NUMBER),
        ]
        .into_iter()
        .map(|(name, least, most)| Function {
            name: name.to_string(),
            least,
            most,
        })
        .collect()
    })
}
