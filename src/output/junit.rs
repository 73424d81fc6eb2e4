//! JUnit XML, the form of test results that CI services read
//! (<https://github.com/testmoapp/junitxml>).

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::terminal::{untrusted, untrusted_lines};

/// One test of a report.
#[derive(Debug, Clone)]
pub struct JunitCase {
    /// What was tested.
    pub name: String,
    /// How long it took.
    pub time: Duration,
    /// Why it did not pass.
    pub problem: Option<JunitProblem>,
}

/// Why a test did not pass.
#[derive(Debug, Clone)]
pub struct JunitProblem {
    /// The test could not be brought to its end, so nothing is known.
    pub is_error: bool,
    /// A word for machines.
    pub code: &'static str,
    /// In one line.
    pub message: String,
    /// In several.
    pub detail: String,
}

/// The report of one suite. Foreign text may stand in it: what XML 1.0 cannot carry is escaped.
pub fn junit(suite: &str, time: Duration, cases: Vec<JunitCase>) -> Result<String, SerializeError> {
    let mut tests = TestSuite::new(suite);
    tests.set_time(time);
    for JunitCase { name, time, problem } in cases {
        let mut case = TestCase::new(carried(untrusted(name)), problem.map_or_else(TestCaseStatus::success, status));
        case.set_classname(suite).set_time(time);
        tests.add_test_case(case);
    }
    let mut report = Report::new("hookctl");
    report.set_time(time).add_test_suite(tests);
    report.to_string()
}

fn status(problem: JunitProblem) -> TestCaseStatus {
    let kind = if problem.is_error { NonSuccessKind::Error } else { NonSuccessKind::Failure };
    let mut status = TestCaseStatus::non_success(kind);
    status
        .set_type(problem.code)
        .set_message(carried(untrusted(problem.message)))
        .set_description(carried(untrusted_lines(problem.detail)));
    status
}

/// Control characters are escaped by now; these two are no XML characters either
/// (<https://www.w3.org/TR/xml/#charsets>).
fn carried(text: String) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn failed(message: &str, detail: &str) -> JunitCase {
        let (message, detail) = (message.to_owned(), detail.to_owned());
        let problem = Some(JunitProblem { is_error: false, code: "expectation_unmet", message, detail });
        JunitCase { name: "a <b> where x=\"1\"".into(), time: Duration::from_millis(1500), problem }
    }

    #[test]
    fn what_passed_and_what_did_not_is_counted() {
        let passed = JunitCase { problem: None, ..failed("", "") };
        let mut broken = failed("interrupted", "");
        broken.problem.as_mut().unwrap().is_error = true;
        let text = junit("hookctl expect", Duration::from_secs(2), vec![passed, failed("no", "why"), broken]).unwrap();
        let document = roxmltree::Document::parse(&text).unwrap();
        let suite = document.descendants().find(|node| node.has_tag_name("testsuite")).unwrap();
        let counts = ["tests", "failures", "errors"].map(|name| suite.attribute(name).unwrap());
        assert_eq!(counts, ["3", "1", "1"]);
        let case = suite.descendants().filter(|node| node.has_tag_name("testcase")).nth(1).unwrap();
        assert_eq!(case.attribute("name"), Some("a <b> where x=\"1\""));
        assert_eq!(case.attribute("time"), Some("1.500"));
        let failure = case.first_element_child().unwrap();
        assert_eq!((failure.tag_name().name(), failure.attribute("message")), ("failure", Some("no")));
        assert_eq!(failure.text(), Some("why"));
    }

    proptest! {
        #[test]
        fn any_text_makes_a_document_that_can_be_read(text in any::<String>()) {
            for text in [format!("{text}]]>&amp;<![CDATA[\u{1b}[31m\0\u{ffff}{text}"), text] {
                let written = junit("s", Duration::ZERO, vec![failed(&text, &text)]).unwrap();
                let document = roxmltree::Document::parse(&written).unwrap();
                let failures = document.descendants().filter(|node| node.has_tag_name("failure"));
                prop_assert_eq!(failures.count(), 1);
            }
        }
    }
}
