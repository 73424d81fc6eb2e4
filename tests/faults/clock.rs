//! A clock that jumps.

use std::path::Path;

use serde_json::Value;

use super::{post, stored};
use crate::app::App;
use crate::sandbox::Sandbox;

/// Where Debian puts it.
const FAKETIME: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
];

#[test]
fn order_and_names_and_timers_hold_when_the_clock_jumps() {
    let Some(library) = FAKETIME.iter().find(|path| Path::new(path).exists()) else {
        eprintln!("left out: libfaketime is not installed");
        return;
    };
    let sandbox = Sandbox::new();
    let clock = sandbox.write("clock", "+0\n");
    let file = format!("FAKETIME_TIMESTAMP_FILE={}", clock.display());
    let preload = format!("LD_PRELOAD={library}");
    let wrapper = ["env", &preload, &file, "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1"];
    let app = App::answering("200 OK", "fine");
    let listening =
        sandbox.listen_under(&wrapper, &["--db", "history.db", "-f", &app.url(), "--forward-timeout", "20s"]);
    let jumps = ["+0", "-1d", "+1d", "-1d", "+0"];
    for (number, jump) in jumps.iter().enumerate() {
        std::fs::write(&clock, format!("{jump}\n")).unwrap();
        for one in 0..4 {
            assert_eq!(post(&listening.address(), &format!("{}", number * 4 + one)), 200, "{jump}");
        }
    }
    listening.interrupt();
    let events = stored(&sandbox, "history.db");
    let bodies: Vec<String> = of(&events, |event| &event["request"]["body"]);
    let expected: Vec<String> = (0..20).rev().map(|number| number.to_string()).collect();
    assert_eq!(bodies, expected, "the order of arrival, newest first");
    let mut ids = of(&events, |event| &event["id"]);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 20);
    // By the clock, 8 came a day ago, 8 now, 4 tomorrow.
    let times = of(&events, |event| &event["received_at"]);
    assert_ne!(times[0][..10], times[4][..10], "the clock did jump");
    let count = |args: &[&str]| {
        let ended = sandbox.run(&[&["events", "list", "--json", "--db", "history.db"], args].concat());
        ended.stdout.lines().count()
    };
    assert_eq!((count(&["--since", "2h"]), count(&["--until", "2h"]), count(&["--since", "30h"])), (12, 8, 20));
}

fn of(events: &[Value], field: impl Fn(&Value) -> &Value) -> Vec<String> {
    events.iter().map(|line| field(&line["event"]).as_str().unwrap().to_owned()).collect()
}
