//! A search along a log.

/// The greatest number from `from` on for which `holds` is true, where it is true of all before one
/// and of none after: found by doubling the step, then halving it. `from` itself is not asked for.
///
/// # Errors
/// The first of `holds`.
pub fn furthest<E>(from: u64, mut holds: impl FnMut(u64) -> Result<bool, E>) -> Result<u64, E> {
    let (mut low, mut step) = (from, 1);
    while holds(low + step)? {
        low += step;
        step *= 2;
    }
    while step > 1 {
        step /= 2;
        if holds(low + step)? {
            low += step;
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::furthest;

    #[test]
    fn the_last_that_holds_is_found_in_few_steps_wherever_it_is() {
        for from in [0, 1, 7] {
            for last in from..from + 70 {
                let mut asked = 0;
                let found = furthest(from, |number| {
                    asked += 1;
                    Ok::<_, Infallible>(number <= last)
                });
                assert_eq!(found, Ok(last));
                assert!(asked <= 14, "{asked} steps from {from} to {last}");
            }
        }
        assert_eq!(furthest(3, |_| Err("unreadable")), Err("unreadable"));
    }
}
