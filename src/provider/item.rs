//! Bodies that carry several items, each signed on its own: all must match, and what fails is named.

use crate::json::{self, Pointer};

/// More items are not verified: providers send tens of them at most, and each costs a signature.
const MAX_ITEMS: usize = 1_000;

/// `item = "/list/*/entry"`: where the items are. Manifests write places in them as those of the first, `/list/0/…`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ItemRule {
    text: String,
    list: Pointer,
    entry: Vec<String>,
}

/// One item of a body.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    rule: &'a ItemRule,
    index: usize,
    element: &'a [u8],
}

impl ItemRule {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let pointer = Pointer::parse(text).map_err(|error| error.to_string())?;
        let mut parts = pointer.segments().split(|segment| segment == "*");
        match (parts.next(), parts.next(), parts.next()) {
            (Some(list), Some(entry), None) => {
                Ok(Self { text: text.to_owned(), list: Pointer::of(list.to_vec()), entry: entry.to_vec() })
            }
            _ => Err(format!("`{text}` needs one step `*`, such as `/items/*`")),
        }
    }

    /// As it stands in the manifest.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The items of this body, or what is wrong with them.
    pub(crate) fn items<'a>(&'a self, body: &'a [u8]) -> Result<Vec<Item<'a>>, String> {
        json::check(body).map_err(|error| error.to_string())?;
        if json::is_ambiguous(body, self.list.segments()) {
            return Err("the key of its list is there more than once".to_owned());
        }
        let mut items = Vec::new();
        for (index, span) in json::elements(body, &self.list).enumerate() {
            if index >= MAX_ITEMS {
                return Err(format!("more than {MAX_ITEMS} items"));
            }
            items.push(Item { rule: self, index, element: &body[span] });
        }
        let lacking = items.iter().find(|item| json::find_steps(item.element, &self.entry).is_none());
        match lacking {
            Some(item) => Err(format!("item {} is not of the form `{}`", item.index + 1, self.text)),
            None => Ok(items),
        }
    }

    /// The steps behind `/list/0`, where a pointer leads through it.
    fn within<'p>(&self, pointer: &'p Pointer) -> Option<&'p [String]> {
        match pointer.segments().strip_prefix(self.list.segments())? {
            [first, rest @ ..] if first == "0" => Some(rest),
            _ => None,
        }
    }
}

impl<'a> Item<'a> {
    /// What a pointer means while this item is at hand: the element, and the steps in it.
    pub(crate) fn locate<'p>(&self, pointer: &'p Pointer) -> Option<(&'a [u8], &'p [String])> {
        Some((self.element, self.rule.within(pointer)?))
    }

    /// The same place of the whole body.
    pub(crate) fn resolve(&self, pointer: &Pointer) -> Option<Pointer> {
        let rest = self.rule.within(pointer)?;
        let index = [self.index.to_string()];
        Some(Pointer::of([self.rule.list.segments(), &index, rest].concat()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_through_the_first_item_means_the_item_at_hand() {
        let rule = ItemRule::parse("/list/*/entry").unwrap();
        let body = br#"{"list":[{"entry":{"a":1}},{"entry":{"a":2}}]}"#;
        let items = rule.items(body).unwrap();
        let pointer = Pointer::parse("/list/0/entry/a").unwrap();
        let (element, steps) = items[1].locate(&pointer).unwrap();
        assert_eq!(&element[json::find_steps(element, steps).unwrap()], b"2");
        assert_eq!(items[1].resolve(&pointer).unwrap().to_string(), "/list/1/entry/a");
        assert!(items[1].locate(&Pointer::parse("/other/0").unwrap()).is_none());
    }

    #[test]
    fn what_is_no_list_of_such_items_is_said() {
        let rule = ItemRule::parse("/list/*/entry").unwrap();
        let problem = |body: &str| rule.items(body.as_bytes()).err();
        assert_eq!(problem(r#"{"list":[]}"#), None);
        assert_eq!(problem(r#"{"list":[{"entry":1},{}]}"#).unwrap(), "item 2 is not of the form `/list/*/entry`");
        let twice = r#"{"list":[{"entry":1}],"list":[{"entry":2}]}"#;
        assert_eq!(problem(twice).unwrap(), "the key of its list is there more than once");
        assert!(problem(r#"{"list":[{"entry":1} {"entry":2}]}"#).is_some(), "what follows would not be looked at");
        let many = format!(r#"{{"list":[{}0]}}"#, "0,".repeat(MAX_ITEMS));
        assert_eq!(problem(&many).unwrap(), "more than 1000 items");
        assert!(ItemRule::parse("/list/entry").is_err() && ItemRule::parse("/a/*/b/*").is_err());
    }
}
