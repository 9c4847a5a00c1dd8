//! The APIs of the sample fleet whose texts attack any program that prints them: AWS takes nearly any text in names,
//! descriptions and tags. It knows no report format.

use serde_json::json;

use super::good::{Deployed, http_api, http_stage};
use crate::emulator::fleet::document::with;

pub fn apis() -> Vec<Deployed> {
    vec![markup(), other_scripts()]
}

/// HTML, Markdown, terminal escapes, workflow commands, line breaks and spreadsheet formulas.
fn markup() -> Deployed {
    let api = with(
        http_api(
            "x0s5h0st1l",
            r#"<script>alert("driftgate")</script>"#,
            "security",
        ),
        json!({
            "description": "| a | b |\n|---|---|\n```sh\nrm -rf /\n``` [click](javascript:alert(1)) ![](http://example.com/x)",
            "tags": {"owner": "=cmd()|'/c calc'!A1", "note": "\u{1b}[31mred\u{1b}[0m\u{7}"},
        }),
    );
    let stage = with(
        http_stage("prod", "security"),
        json!({
            "accessLogSettings": null,
            "description": "::error file=app.js,line=1::injected\n::set-output name=x::y\r\n# heading",
            "lastDeploymentStatusMessage": "Deployment attempt failed: </td><img src=x onerror=alert(1)> `|` \u{1b}]0;title\u{7}",
            "routeSettings": {"GET /<b>|`x`": {"throttlingBurstLimit": 9000}},
            "stageVariables": {"formula": "=HYPERLINK(\"http://example.com\")"},
            "tags": {"owner": "@SUM(1+1)*cmd|' /C calc'!A0", "<i>key</i>": "\u{202e}desrever\u{2028}next line"},
        }),
    );
    (api, vec![stage])
}

/// Names outside ASCII: umlauts, CJK, right-to-left text, an emoji made of several characters.
fn other_scripts() -> Deployed {
    let api = with(
        http_api("i1n8t3rn4t", "Zahlungen-größe 支払い", "finance"),
        json!({"description": "платежи · مدفوعات · 👩‍💻", "tags": {"équipe": "comptabilité"}}),
    );
    let stage = with(
        http_stage("prod", "finance"),
        json!({"description": "Größenprüfung für 支払い", "tags": {"équipe": "comptabilité 💶", "owner": null}}),
    );
    (api, vec![stage])
}
