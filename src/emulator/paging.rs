//! Pages of a list and the opaque tokens between them. It knows positions only, never what the list holds.
//!
//! A token is bound to its list (account, Region and path), so one that was made for another list is refused. It
//! always contains `+`, `/` and `=`: a client that does not escape it never gets its second page.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use super::signature::Caller;

/// The largest `maxResults` that AWS takes.
const LARGEST_PAGE: usize = 500;

/// One page: which items, and the token of the page after it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) items: Range<usize>,
    pub(super) next: Option<String>,
}

/// How a faulty server pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paging {
    Faithful,
    /// Each page's token leads to that page again.
    RepeatToken,
    /// Before the first page comes one without items.
    EmptyPageFirst,
}

/// Why there is no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadRequest {
    MaxResults,
    NextToken,
}

/// A list that is read page by page.
#[derive(Clone, Copy, Debug)]
pub(super) struct List<'a> {
    pub(super) caller: &'a Caller,
    /// The API whose stages are listed; none for the list of APIs.
    pub(super) api_id: Option<&'a str>,
    pub(super) length: usize,
    pub(super) page_size: usize,
}

impl List<'_> {
    /// The page that a request asks for.
    pub(super) fn page(
        &self,
        max_results: Option<&str>,
        next_token: Option<&str>,
        paging: Paging,
    ) -> Result<Page, BadRequest> {
        let size = self.size(max_results)?;
        let start = next_token.map_or(Ok(0), |token| self.position(token))?;
        if paging == Paging::EmptyPageFirst && next_token.is_none() {
            return Ok(Page { items: 0..0, next: Some(self.token(0)) });
        }
        let end = self.length.min(start + size);
        let next = match paging {
            Paging::RepeatToken => Some(self.token(start)),
            Paging::Faithful | Paging::EmptyPageFirst => (end < self.length).then(|| self.token(end)),
        };
        Ok(Page { items: start..end, next })
    }

    fn size(&self, max_results: Option<&str>) -> Result<usize, BadRequest> {
        // A page size of 0 would never come to an end.
        let own = self.page_size.max(1);
        match max_results.map(str::parse::<usize>) {
            None => Ok(own),
            Some(Ok(wanted @ 1..=LARGEST_PAGE)) => Ok(wanted.min(own)),
            Some(_) => Err(BadRequest::MaxResults),
        }
    }

    fn token(&self, position: usize) -> String {
        let mut hasher = DefaultHasher::new();
        (&self.caller.account, &self.caller.region, self.api_id, position).hash(&mut hasher);
        format!("{:016x}+{position:x}/==", hasher.finish())
    }

    fn position(&self, token: &str) -> Result<usize, BadRequest> {
        token
            .split_once('+')
            .and_then(|(_, rest)| rest.strip_suffix("/=="))
            .and_then(|position| usize::from_str_radix(position, 16).ok())
            .filter(|position| *position <= self.length && self.token(*position) == token)
            .ok_or(BadRequest::NextToken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(region: &str) -> Caller {
        Caller { account: "111122223333".to_owned(), region: region.to_owned() }
    }

    fn list<'a>(caller: &'a Caller, api_id: Option<&'a str>) -> List<'a> {
        List { caller, api_id, length: 10, page_size: 4 }
    }

    #[test]
    fn every_item_is_on_one_page() {
        let caller = caller("us-east-1");
        let list = list(&caller, None);
        let (mut seen, mut token, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = list.page(None, token.as_deref(), Paging::Faithful).unwrap();
            seen.extend(page.items);
            pages += 1;
            token = page.next;
            let Some(token) = &token else { break };
            assert!(["+", "/", "="].iter().all(|character| token.contains(character)), "{token}");
        }
        assert_eq!((seen, pages), ((0..10).collect::<Vec<_>>(), 3));
    }

    #[test]
    fn max_results_narrows_and_never_widens() {
        let caller = caller("us-east-1");
        let list = list(&caller, None);
        for (max_results, length) in [("1", 1), ("4", 4), ("500", 4)] {
            assert_eq!(list.page(Some(max_results), None, Paging::Faithful).unwrap().items.len(), length);
        }
        for bad in ["0", "501", "-1", "", "ten"] {
            assert_eq!(list.page(Some(bad), None, Paging::Faithful), Err(BadRequest::MaxResults), "{bad}");
        }
    }

    #[test]
    fn a_token_of_another_list_is_refused() {
        let (here, there) = (caller("us-east-1"), caller("eu-west-1"));
        let token = list(&here, None).page(None, None, Paging::Faithful).unwrap().next.unwrap();
        for other in [list(&there, None), list(&here, Some("a1b2c3d4e5"))] {
            assert_eq!(other.page(None, Some(&token), Paging::Faithful), Err(BadRequest::NextToken));
        }
        let unescaped = token.replace('+', " ");
        assert_eq!(list(&here, None).page(None, Some(&unescaped), Paging::Faithful), Err(BadRequest::NextToken));
    }
}
