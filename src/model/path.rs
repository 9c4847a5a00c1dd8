//! The place of a setting in the document, as data. The keys of maps hold any character, so a path is never taken
//! apart as text.

use std::fmt;

use super::catalogue::stage;

/// The members and keys that lead from the top of the document to a setting. In its order, bytes of the text come first.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    text: String,
    /// Kind and end in the text of each segment.
    ends: Vec<(usize, Kind)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Member,
    Key,
    Glob,
}

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment<'p> {
    /// A member of a struct, `api` too.
    Member(&'p str),
    /// A key of a map.
    Key(&'p str),
    /// A glob that no key of a map fits.
    Glob(&'p str),
}

impl<'p> Segment<'p> {
    /// The name of the member, the key or the glob.
    #[must_use]
    pub const fn name(self) -> &'p str {
        match self {
            Self::Member(name) | Self::Key(name) | Self::Glob(name) => name,
        }
    }
}

impl Path {
    /// The path of the document as a whole.
    #[must_use]
    pub fn new() -> Self {
        // Room for most paths, which then grow in place.
        Self {
            text: String::with_capacity(64),
            ends: Vec::with_capacity(4),
        }
    }

    /// A path of these segments.
    pub fn of<'s>(segments: impl IntoIterator<Item = Segment<'s>>) -> Self {
        let mut path = Self::default();
        for segment in segments {
            path.push(segment);
        }
        path
    }

    /// The path with these names, where nothing but the names is known: a result keeps no more.
    pub fn named<'s>(names: impl IntoIterator<Item = &'s str>) -> Self {
        let mut names = names.into_iter();
        Self::of(
            names
                .next()
                .map(Segment::Member)
                .into_iter()
                .chain(names.map(Segment::Key)),
        )
    }

    /// Goes one step down.
    pub fn push(&mut self, segment: Segment<'_>) {
        if !self.ends.is_empty() {
            self.text.push('.');
        }
        self.text.push_str(segment.name());
        let kind = match segment {
            Segment::Member(_) => Kind::Member,
            Segment::Key(_) => Kind::Key,
            Segment::Glob(_) => Kind::Glob,
        };
        self.ends.push((self.text.len(), kind));
    }

    /// Goes one step up.
    pub fn pop(&mut self) {
        self.ends.pop();
        self.text
            .truncate(self.ends.last().map_or(0, |(end, _)| *end));
    }

    /// The path as results show it: segments with dots between them.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True for the document as a whole, which is not a setting.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.ends.is_empty()
    }

    /// The segments, from the top.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = Segment<'_>> {
        self.ends.iter().enumerate().map(|(at, (end, kind))| {
            // A dot separates two segments.
            let start = at
                .checked_sub(1)
                .and_then(|before| self.ends.get(before))
                .map_or(0, |(end, _)| end + 1);
            let name = self.text.get(start..*end).unwrap_or_default();
            match kind {
                Kind::Member => Segment::Member(name),
                Kind::Key => Segment::Key(name),
                Kind::Glob => Segment::Glob(name),
            }
        })
    }

    /// The route whose entry of `RouteSettings` the path leads to or into.
    #[must_use]
    pub fn route(&self) -> Option<&str> {
        let mut segments = self.segments();
        match (segments.next(), segments.next()) {
            (Some(Segment::Member(name)), Some(Segment::Key(key)))
                if name == stage::ROUTES.name =>
            {
                Some(key)
            }
            _ => None,
        }
    }

    /// True if the path is the other or leads to something below it.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.ends.len() >= other.ends.len()
            && self
                .segments()
                .zip(other.segments())
                .all(|(one, other)| one == other)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::Segment::{Glob, Key, Member};
    use super::*;

    #[test]
    fn a_path_keeps_its_segments_whatever_they_hold() {
        for segments in [
            &[][..],
            &[Member("StageName")],
            &[
                Member("RouteSettings"),
                Key("GET /a.json"),
                Member("ThrottlingBurstLimit"),
            ],
            &[Member("RouteSettings"), Key("GET /a.ThrottlingBurstLimit")],
            &[Member("Tags"), Key("")],
            &[Member("Tags"), Key("a.b/c:d e")],
            &[Member("Tags"), Glob("team-*")],
            &[Member("api"), Member("Tags"), Key("."), Key("..")],
        ] {
            let mut path = Path::of(segments.iter().copied());
            assert_eq!(path.segments().collect::<Vec<_>>(), segments);
            assert_eq!(
                path.text(),
                segments
                    .iter()
                    .map(|one| one.name())
                    .collect::<Vec<_>>()
                    .join(".")
            );
            path.push(Member("x"));
            assert_ne!(path, Path::of(segments.iter().copied()));
            path.pop();
            assert_eq!(path, Path::of(segments.iter().copied()));
        }
    }

    #[test]
    fn a_route_is_a_key_and_not_the_beginning_of_a_text() {
        let of = |segments: &[Segment<'_>]| Path::of(segments.iter().copied());
        let route = |segments: &[Segment<'_>]| of(segments).route().map(str::to_owned);
        assert_eq!(
            route(&[Member("RouteSettings"), Key("GET /a.json")]).as_deref(),
            Some("GET /a.json")
        );
        assert_eq!(route(&[Member("RouteSettings"), Glob("GET *")]), None);
        assert_eq!(route(&[Member("RouteSettings")]), None);
        assert_eq!(route(&[Member("Tags"), Key("RouteSettings")]), None);
        let (a, json) = (
            of(&[Member("Tags"), Key("a")]),
            of(&[Member("Tags"), Key("a.json")]),
        );
        assert!(a.is_within(&a) && !json.is_within(&a) && json.is_within(&of(&[Member("Tags")])));
    }
}
