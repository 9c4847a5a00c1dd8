//! The forms of texts that AWS documents: what a field, or a key of a map, can hold at all. Data only.

/// The texts that a field can hold.
#[derive(Debug)]
pub struct Form {
    /// The texts, as a regular expression for the whole of each.
    pub regex: &'static str,
    /// The texts in words, as the end of "it is …".
    pub words: &'static str,
    /// Two of the texts.
    pub examples: [&'static str; 2],
    /// The text of this form that another text probably stands for.
    pub meant: fn(&str) -> Option<String>,
}

/// The methods of routes.
const METHODS: [&str; 8] = [
    "ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT",
];

fn nothing(_: &str) -> Option<String> {
    None
}

/// The identifier of an account.
pub static ACCOUNT: Form = Form {
    regex: "[0-9]{12}",
    words: "twelve digits",
    examples: ["111122223333", "444455556666"],
    meant: nothing,
};

/// The code of a Region. AWS adds Regions, so that none is listed.
pub static REGION: Form = Form {
    regex: "[a-z]{2,4}(-[a-z]{2,}){1,2}-[0-9]{1,2}",
    words: "the code of a Region, such as `eu-west-1`",
    examples: ["eu-west-1", "us-east-1"],
    meant: |text| {
        // `us-east-1a` is a zone.
        let zone = text
            .strip_suffix(|c: char| c.is_ascii_lowercase())
            .filter(|region| region.ends_with(|c: char| c.is_ascii_digit()));
        zone.or_else(|| region_meant(text)).map(str::to_owned)
    },
};

/// The name of a partition.
pub static PARTITION: Form = Form {
    regex: "aws(-[a-z]+)*",
    words: "`aws`, `aws-cn`, `aws-us-gov` or another that begins with `aws`",
    examples: ["aws", "aws-cn"],
    meant: nothing,
};

/// The ARN of a stage: it has no account.
pub static STAGE_ARN: Form = Form {
    regex: "arn:aws(-[a-z]+)*:apigateway:[a-z0-9-]+::/.+",
    words: "`arn:PARTITION:apigateway:REGION::/apis/ID/stages/NAME`, without an account",
    examples: [
        "arn:aws:apigateway:us-east-1::/apis/a1b2c3/stages/prod",
        "arn:aws:apigateway:us-east-1::/apis/a1b2c3/stages/dev",
    ],
    meant: nothing,
};

/// The name of a stage.
pub static STAGE_NAME: Form = Form {
    regex: r"[A-Za-z0-9_-]+|\$default",
    words: "made of letters, digits, `_` and `-`, or `$default`",
    examples: ["prod", "dev"],
    meant: nothing,
};

/// The key of a route. That of a WebSocket API is what its messages hold, in practice one word without a slash.
pub static ROUTE_KEY: Form = Form {
    regex: r"(ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) /[^\s]*|[^/\s]+",
    words: "`METHOD /path` or `$default` on HTTP APIs, one word such as `$connect` on WebSocket APIs",
    examples: ["GET /pets", "$default"],
    meant: |text| {
        // A glob for every method.
        if text.starts_with('/') {
            return Some(format!("* {text}"));
        }
        let (method, path) = text.split_once('/')?;
        let method = method.trim_end_matches([' ', ':']).to_ascii_uppercase();
        METHODS
            .contains(&method.as_str())
            .then(|| format!("{method} /{path}"))
    },
};

/// An origin of CORS, with the forms of `*` that AWS takes.
pub static ORIGIN: Form = Form {
    regex: r"\*|https?://\*|[^*]+",
    words: "`*`, `http://*`, `https://*` or an origin without a `*`",
    examples: ["https://example.com", "*"],
    meant: nothing,
};

/// A header or method of CORS.
pub static STAR_OR_NAME: Form = Form {
    regex: r"\*|[^*]+",
    words: "`*` or a name without a `*`",
    examples: ["authorization", "*"],
    meant: nothing,
};

/// The Region that a code which no Region has is probably a slip of. A code made of the words of others is taken for a
/// new Region.
fn region_meant(code: &str) -> Option<&'static str> {
    if REGIONS.contains(&code) {
        return None;
    }
    let words: Vec<&str> = code.split('-').collect();
    let known = |word: &str| {
        REGIONS
            .iter()
            .any(|region| region.split('-').any(|one| one == word))
    };
    let slips: Vec<usize> = (0..words.len())
        .filter(|at| !known(words[*at]) && !words[*at].bytes().all(|byte| byte.is_ascii_digit()))
        .collect();
    let [slip] = slips.as_slice() else {
        return None;
    };
    REGIONS.iter().copied().find(|region| {
        let others: Vec<&str> = region.split('-').collect();
        others.len() == words.len()
            && (0..words.len()).all(|at| {
                if at == *slip {
                    is_slip(words[at], others[at])
                } else {
                    words[at] == others[at]
                }
            })
    })
}

/// True if a word is another with one slip. Of a short word only letters in another order are one.
fn is_slip(word: &str, of: &str) -> bool {
    let (word, of) = (word.as_bytes(), of.as_bytes());
    let same =
        |pairs: &mut dyn Iterator<Item = (&u8, &u8)>| pairs.take_while(|(a, b)| a == b).count();
    let before = same(&mut word.iter().zip(of));
    let rest = (word.len() - before).min(of.len() - before);
    let after = same(&mut word.iter().rev().zip(of.iter().rev())).min(rest);
    let (word, other) = (
        &word[before..word.len() - after],
        &of[before..of.len() - after],
    );
    match (word, other) {
        ([a, b], [c, d]) => (a, b) == (d, c),
        _ => of.len() > 3 && word.len().max(other.len()) == 1,
    }
}

/// The Regions that AWS had in November 2026 (EC2's endpoints in botocore 1.44.5), but those of the isolated partitions.
pub const REGIONS: [&str; 38] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::document::is_region;

    #[test]
    fn a_slip_of_a_region_is_told_from_a_new_region() {
        for (code, meant) in [
            ("us-esat-1", Some("us-east-1")),
            ("su-east-1", Some("us-east-1")),
            ("eu-wst-2", Some("eu-west-2")),
            ("us-east-1", None),
            ("us-east-9", None),
            ("sa-west-1", None),
            ("xx-east-1", None),
            ("eusc-de-east-1", None),
        ] {
            assert_eq!(region_meant(code), meant, "{code}");
        }
    }

    #[test]
    fn the_form_of_a_region_is_that_of_its_check() {
        let form = regex::Regex::new(&format!("^(?:{})$", REGION.regex)).unwrap();
        for code in REGIONS.iter().copied().chain([
            "us-iso-east-1",
            "eusc-de-east-1",
            "us-east-1a",
            "us-east",
            "us-east-123",
            "US-EAST-1",
            "prod",
        ]) {
            assert_eq!(form.is_match(code), is_region(code), "{code}");
        }
    }

    #[test]
    fn the_examples_of_a_form_have_it() {
        for form in [
            &ACCOUNT,
            &REGION,
            &PARTITION,
            &STAGE_ARN,
            &STAGE_NAME,
            &ROUTE_KEY,
            &ORIGIN,
            &STAR_OR_NAME,
        ] {
            let regex = regex::Regex::new(&format!("^(?:{})$", form.regex)).unwrap();
            assert!(
                form.examples.iter().all(|text| regex.is_match(text)),
                "{}",
                form.words
            );
        }
    }

    #[test]
    fn what_is_meant_has_the_form() {
        for (form, text, meant) in [
            (&REGION, "us-east-1a", "us-east-1"),
            (&ROUTE_KEY, "post /x", "POST /x"),
            (&ROUTE_KEY, "POST:/x", "POST /x"),
            (&ROUTE_KEY, "GET/x", "GET /x"),
            (&ROUTE_KEY, "/login", "* /login"),
        ] {
            assert_eq!((form.meant)(text).as_deref(), Some(meant));
        }
        assert_eq!((ROUTE_KEY.meant)("a/b"), None);
    }
}
