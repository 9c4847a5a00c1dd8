//! Passwords in addresses of servers and databases.

/// The schemes of addresses are short.
const LONGEST_SCHEME: usize = 24;

/// True if a value holds an address with a password that is not put in elsewhere: `scheme://user:password@host`, and
/// the same without a scheme as drivers for Go and Oracle have it.
pub(super) fn has_password(value: &str, is_reference: impl Fn(&str) -> bool) -> bool {
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("://") {
        let scheme = before
            .bytes()
            .rev()
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(byte));
        if (1..=LONGEST_SCHEME).contains(&scheme.count())
            && password(after).is_some_and(|password| !is_reference(password))
        {
            return true;
        }
        rest = after;
    }
    let driver = |mark: &str, separator: char| {
        let login = value.split_once(mark).map(|(login, _)| login);
        let password = login
            .and_then(|login| login.rsplit(' ').next()?.rsplit_once(separator))
            .map(|(_, password)| password);
        password
            .is_some_and(|own| !own.is_empty() && !own.contains(['/', '@']) && !is_reference(own))
    };
    value.contains('@')
        && (driver("@tcp(", ':')
            || driver("@unix(", ':')
            || (value.contains("jdbc:oracle:") && driver("@", '/')))
}

/// The password of what is behind `://`.
fn password(after: &str) -> Option<&str> {
    let end = after
        .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\''))
        .unwrap_or(after.len());
    let (user, behind) = after.get(..end)?.split_once(':')?;
    let (password, host) = behind.split_once('@')?;
    if user.contains(['/', '@', '?', '#', '[']) || password.is_empty() || host.is_empty() {
        return None;
    }
    // `host:8443/path/@scope` and `host:8443?from=a@b`: a port.
    let is_port = |port: &str| {
        port.bytes().all(|byte| byte.is_ascii_digit()) || port.starts_with(['$', '{', '<'])
    };
    match password.split_once(['/', '?', '#']) {
        Some((port, _)) if is_port(port) => None,
        _ => Some(password),
    }
}
