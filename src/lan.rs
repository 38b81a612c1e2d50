//! This machine's address on its own network, read from the system's tables: nothing is sent.

use std::net::Ipv4Addr;

/// The address on the network that the default route leaves by, where the system shows it as
/// files (Linux).
pub fn address() -> Option<Ipv4Addr> {
    let routes = std::fs::read_to_string("/proc/net/route").ok()?;
    let trie = std::fs::read_to_string("/proc/net/fib_trie").ok()?;
    choose(&routes, &trie)
}

fn choose(routes: &str, trie: &str) -> Option<Ipv4Addr> {
    let routes: Vec<Route> = routes.lines().skip(1).filter_map(Route::read).collect();
    let default = routes.iter().find(|route| route.to == 0 && route.mask == 0)?;
    let own = local_addresses(trie);
    let network = |address: &Ipv4Addr| {
        routes.iter().any(|route| {
            route.device == default.device
                && route.mask != 0
                && route.gateway == 0
                && u32::from(*address) & route.mask == route.to
        })
    };
    own.into_iter().find(network)
}

/// One line of `/proc/net/route`, numbers in host order.
struct Route<'a> {
    device: &'a str,
    to: u32,
    gateway: u32,
    mask: u32,
}

impl Route<'_> {
    fn read(line: &str) -> Option<Route<'_>> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let number = |index: usize| {
            let value = u32::from_str_radix(fields.get(index)?, 16).ok()?;
            // The kernel prints the four bytes of the address as one native integer.
            Some(u32::from_be_bytes(value.to_ne_bytes()))
        };
        Some(Route {
            device: fields.first()?,
            to: number(1)?,
            gateway: number(2)?,
            mask: number(7)?,
        })
    }
}

fn local_addresses(trie: &str) -> Vec<Ipv4Addr> {
    let mut found = Vec::new();
    let mut last = None;
    for line in trie.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.parse::<Ipv4Addr>().ok();
        } else if line == "/32 host LOCAL" {
            found.extend(last.filter(|address| !address.is_loopback()));
        }
    }
    found
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::*;

    const ROUTES: &str = "\
Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT
docker0 000011AC 00000000 0001 0 0 0 0000FFFF 0 0 0
eth0 00000000 0101A8C0 0003 0 0 100 00000000 0 0 0
eth0 0001A8C0 00000000 0001 0 0 100 00FFFFFF 0 0 0
";
    const TRIE: &str = "\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 127.0.0.1
        /32 host LOCAL
     |-- 172.17.0.1
        /32 host LOCAL
     |-- 192.168.1.0
        /24 link UNICAST
     |-- 192.168.1.23
        /32 host LOCAL
";

    #[test]
    fn the_address_is_the_one_on_the_default_routes_network() {
        assert_eq!(choose(ROUTES, TRIE), Some(Ipv4Addr::new(192, 168, 1, 23)));
    }

    #[test]
    fn without_a_default_route_there_is_none() {
        let routes: String = ROUTES
            .lines()
            .filter(|line| !line.contains("0101A8C0"))
            .map(|l| format!("{l}\n"))
            .collect();
        assert_eq!(choose(&routes, TRIE), None);
    }
}
