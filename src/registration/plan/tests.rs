use proptest::prelude::*;

use super::*;

const ALL: Abilities = Abilities {
    create: true,
    delete: true,
    events: true,
    enable: true,
    disable: true,
    description: true,
    create_disabled: true,
    create_description: true,
    one_each: false,
};

fn same(left: &[String], right: &[String]) -> bool {
    let sorted = |events: &[String]| {
        let mut events = events.to_vec();
        events.sort_unstable();
        events
    };
    sorted(left) == sorted(right)
}

fn wanted(url: &str, events: &[&str]) -> Wanted {
    let events = events.iter().map(|name| (*name).to_owned()).collect();
    Wanted { url: url.to_owned(), events, enabled: true, description: None }
}

fn actual(id: &str, url: &str, events: &[&str]) -> Webhook {
    let events = events.iter().map(|name| (*name).to_owned()).collect();
    Webhook { id: id.to_owned(), url: url.to_owned(), events, enabled: Some(true), ..Webhook::default() }
}

fn actions(steps: &[Step]) -> Vec<(Action, Option<&str>)> {
    steps.iter().map(|step| (step.action, step.actual.as_ref().map(|webhook| webhook.id.as_str()))).collect()
}

#[test]
fn each_webhook_is_made_changed_or_left_alone() {
    let wish = [wanted("https://a/", &["x", "y"]), wanted("https://b/", &["x"]), wanted("https://c/", &["x"])];
    let there =
        [actual("1", "https://z/", &["x"]), actual("2", "https://b", &["y"]), actual("3", "HTTPS://A", &["y", "x"])];
    let steps = plan(&wish, &there, &ALL, same);
    assert_eq!(
        actions(&steps),
        [
            (Action::Unchanged, Some("3")),
            (Action::Update, Some("2")),
            (Action::Create, None),
            (Action::Unmanaged, Some("1"))
        ]
    );
    let changed = Difference::Events { is: vec!["y".into()], wanted: vec!["x".into()] };
    assert_eq!(steps[1].differences, [changed]);
}

#[test]
fn what_the_api_cannot_do_is_told_and_the_rest_is_done() {
    let poor = Abilities { events: false, description: false, delete: false, ..ALL };
    let mut wish = wanted("https://a/", &["x"]);
    wish.enabled = false;
    let there = [actual("1", "https://a/", &["y"])];
    let steps = plan(&[wish.clone()], &there, &poor, same);
    assert_eq!(steps[0].action, Action::Update);
    assert_eq!(steps[0].differences, [Difference::Enabled { wanted: false }]);
    assert!(matches!(steps[0].impossible[..], [Difference::Events { .. }]));
    let poorest = Abilities { disable: false, create_disabled: false, ..poor };
    assert_eq!(plan(&[wish.clone()], &there, &poorest, same)[0].action, Action::Impossible);
    let none = Abilities { create: false, ..poorest };
    assert_eq!(plan(&[wish], &[], &none, same)[0].action, Action::Impossible);
}

#[test]
fn a_provider_that_does_not_say_whether_a_webhook_is_on_has_no_difference_in_that() {
    let silent = Webhook { enabled: None, ..actual("1", "https://a/", &["x"]) };
    assert_eq!(plan(&[wanted("https://a/", &["x"])], &[silent], &ALL, same)[0].action, Action::Unchanged);
}

#[test]
fn where_a_webhook_is_for_one_event_another_event_is_another_webhook() {
    let single = Abilities { one_each: true, events: false, ..ALL };
    let there = [actual("1", "https://a/", &["x"])];
    let steps = plan(&[wanted("https://a/", &["y"]), wanted("https://a/", &["x"])], &there, &single, same);
    assert_eq!(actions(&steps), [(Action::Create, None), (Action::Unchanged, Some("1"))]);
}

#[test]
fn two_that_nothing_tells_apart_are_found() {
    let wish = [wanted("https://a", &["x", "y"]), wanted("https://a/", &["x"]), wanted("HTTPS://a/", &["y", "x"])];
    assert_eq!(repeated(&wish, same), Some((0, 2)));
    assert_eq!(repeated(&wish[..2], same), None);
}

#[test]
fn a_note_that_is_left_out_is_left_alone() {
    let noted = Webhook { description: Some("hers".into()), ..actual("1", "https://a/", &["x"]) };
    assert_eq!(
        plan(&[wanted("https://a/", &["x"])], std::slice::from_ref(&noted), &ALL, same)[0].action,
        Action::Unchanged
    );
    let mine = Wanted { description: Some("mine".into()), ..wanted("https://a/", &["x"]) };
    let is_note = |difference: &Difference| matches!(difference, Difference::Description { .. });
    assert!(plan(&[mine], &[noted], &ALL, same)[0].differences.iter().all(is_note));
}

/// What a provider does when a step is taken.
fn take(step: &Step, wish: &[Wanted], state: &mut Vec<Webhook>) {
    let made = format!("made{}", state.len());
    let webhook = match (step.action, step.wanted) {
        (Action::Create, Some(at)) => {
            let events = wish[at].events.clone();
            let url = wish[at].url.clone();
            state.push(Webhook { id: made, url, events, enabled: Some(true), ..Webhook::default() });
            state.last_mut()
        }
        (Action::Update, Some(_)) => {
            let id = step.actual.as_ref().map(|webhook| webhook.id.clone());
            state.iter_mut().find(|webhook| Some(&webhook.id) == id.as_ref())
        }
        _ => None,
    };
    let Some(webhook) = webhook else { return };
    for difference in &step.differences {
        match difference {
            Difference::Missing => {}
            Difference::Events { wanted, .. } => webhook.events.clone_from(wanted),
            Difference::Enabled { wanted } => webhook.enabled = Some(*wanted),
            Difference::Description { wanted, .. } => webhook.description = Some(wanted.clone()),
        }
    }
}

fn some_events() -> impl Strategy<Value = Vec<String>> {
    proptest::sample::subsequence(vec!["a", "b", "c"], 1..=3)
        .prop_map(|names| names.into_iter().map(str::to_owned).collect())
}

fn some_url() -> impl Strategy<Value = String> {
    proptest::sample::select(vec!["https://a/", "https://a", "https://b/x", "https://B/x", "https://c/"])
        .prop_map(str::to_owned)
}

prop_compose! {
    fn some_wanted()(url in some_url(), events in some_events(), enabled: bool, description in proptest::option::of("[xy]?"))
        -> Wanted {
        Wanted { url, events, enabled, description }
    }
}

prop_compose! {
    fn some_actual()(
        url in some_url(), events in some_events(), enabled: bool, age in 0..5_i64, description in proptest::option::of("[xy]?")
    ) -> Webhook {
        let created_at = Some(jiff::Timestamp::from_second(age).unwrap());
        Webhook { url, events, enabled: Some(enabled), created_at, description, ..Webhook::default() }
    }
}

prop_compose! {
    fn some_abilities()(create: bool, events: bool, enable: bool, disable: bool, description: bool, one_each: bool, create_disabled: bool, create_description: bool) -> Abilities {
        Abilities { create, events, enable, disable, description, create_disabled, create_description, one_each, delete: true }
    }
}

fn some_wishes() -> impl Strategy<Value = Vec<Wanted>> {
    proptest::collection::vec(some_wanted(), 0..4).prop_map(|mut wish| {
        while let Some((_, place)) = repeated(&wish, same) {
            wish.remove(place);
        }
        wish
    })
}

fn numbered(mut webhooks: Vec<Webhook>) -> Vec<Webhook> {
    webhooks.iter_mut().enumerate().for_each(|(at, webhook)| webhook.id = at.to_string());
    webhooks
}

proptest! {
    #[test]
    fn taking_the_steps_gives_what_is_wanted(
        wish in some_wishes(),
        there in proptest::collection::vec(some_actual(), 0..5).prop_map(numbered),
    ) {
        let mut state = there.clone();
        let steps = plan(&wish, &there, &ALL, same);
        steps.iter().for_each(|step| take(step, &wish, &mut state));
        let again = plan(&wish, &state, &ALL, same);
        prop_assert!(again[..wish.len()].iter().all(|step| step.action == Action::Unchanged), "{again:?}");
        // What nobody asked for is as it was.
        for step in steps.iter().filter(|step| step.action == Action::Unmanaged) {
            let before = step.actual.as_ref().unwrap();
            let after = state.iter().find(|webhook| webhook.id == before.id).unwrap();
            prop_assert_eq!((&before.events, before.enabled), (&after.events, after.enabled));
        }
        let made = steps.iter().filter(|step| step.action == Action::Create).count();
        prop_assert_eq!(state.len(), there.len() + made);
    }

    #[test]
    fn whatever_an_api_can_do_the_second_time_there_is_nothing_left_to_do(
        wish in some_wishes(),
        there in proptest::collection::vec(some_actual(), 0..5).prop_map(numbered),
        abilities in some_abilities(),
    ) {
        let mut state = there.clone();
        plan(&wish, &there, &abilities, same).iter().for_each(|step| take(step, &wish, &mut state));
        let again = plan(&wish, &state, &abilities, same);
        let is_work = |step: &Step| matches!(step.action, Action::Create | Action::Update);
        prop_assert!(!again.iter().any(is_work), "{again:?}");
    }
}
