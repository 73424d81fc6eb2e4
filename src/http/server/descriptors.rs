//! How many connections the process has file descriptors for.

/// Left free for the store, the inspector, the console and outgoing connections.
pub(super) const RESERVED: usize = 16;

/// The lower of `wanted` and what the open-file limit allows, `besides` other descriptors and the
/// reserve. Where the limit cannot be read, `wanted`: the accept loop then meets the limit itself.
pub(super) fn affordable(wanted: usize, besides: usize) -> usize {
    let Some((limit, open)) = limit().zip(open()) else { return wanted };
    wanted.min(limit.saturating_sub(open + besides + RESERVED)).max(1)
}

/// The soft limit (`getrlimit` without unsafe code; proc(5), `/proc/pid/limits`).
fn limit() -> Option<usize> {
    soft_limit(&std::fs::read_to_string("/proc/self/limits").ok()?)
}

fn soft_limit(table: &str) -> Option<usize> {
    table.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next()?.parse().ok())
}

/// Descriptors open now.
fn open() -> Option<usize> {
    Some(std::fs::read_dir("/proc/self/fd").ok()?.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_read_from_the_table() {
        let table = "Limit                     Soft Limit           Hard Limit           Units     \n\
                     Max open files            64                   4096                 files     \n";
        assert_eq!(soft_limit(table), Some(64));
        assert_eq!(soft_limit("Max open files            unlimited            unlimited"), None);
    }
}
