//! A counter's name as a counter's.

/// What a counter's name begins with where it says by itself what it names.
const COUNTER: &str = "counter";

/// `counter 3`, but not `counter Counter 3`.
pub fn counter(name: &str) -> String {
    let start = name.get(..COUNTER.len());
    let named = start.is_some_and(|start| start.eq_ignore_ascii_case(COUNTER));
    if named || name.is_empty() { name.to_owned() } else { format!("{COUNTER} {name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counters_name_says_that_it_is_one() {
        for (name, shown) in [
            ("3", "counter 3"),
            ("vm", "counter vm"),
            ("Büro 2", "counter Büro 2"),
            ("Counter B", "Counter B"),
            ("counter", "counter"),
            ("", ""),
        ] {
            assert_eq!(counter(name), shown);
        }
    }
}
