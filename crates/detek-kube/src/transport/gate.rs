//! The gate every request passes before a socket is opened: detek reads, and can do nothing else.

use detek_core::{Cause, CauseClass, Stage};
use http::Method;

/// Last parts of paths that act on, or open a way into, what they name.
const REFUSED: [&str; 7] = ["proxy", "exec", "attach", "portforward", "eviction", "token", "log"];
/// What may be posted: questions about our own permissions, which change nothing.
const ASKED: [&str; 2] =
    ["/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"];

/// Lets a request through if it only reads.
pub(crate) fn check(method: &Method, path_and_query: &str) -> Result<(), Cause> {
    let path = path_and_query.split(['?', '#']).next().unwrap_or_default();
    let allowed = match *method {
        Method::GET => is_plain(path) && !acts(path),
        Method::POST => ASKED.contains(&path),
        _ => false,
    };
    if allowed {
        return Ok(());
    }
    let text = format!("{method} {path} was not sent: detek sends only requests that read");
    Err(Cause::new(CauseClass::Internal, Stage::Config, &text))
}

/// Whether a server reads the path as it is written: absolute, no encoded or empty parts, no dots that climb.
fn is_plain(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains(['%', '\\'])
        && !path.split('/').any(|p| p == "..")
}

/// Whether a path names one of the refused subresources, or something below it. A namespace or an object may be called
/// `proxy`; outside of the APIs (`/logs/`) no part may.
fn acts(path: &str) -> bool {
    let refused = |part: &str| REFUSED.iter().any(|word| part.eq_ignore_ascii_case(word));
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let (["api", _, rest @ ..] | ["apis", _, _, rest @ ..]) = &parts[..] else {
        return parts.iter().any(|part| refused(part) || part.eq_ignore_ascii_case("logs"));
    };
    // What follows is: resource, name, subresource; of `namespaces/a/log`, `log` may be either and is refused.
    let rest = match rest {
        ["namespaces", _, below @ ..] if !below.is_empty() => below,
        _ => rest,
    };
    rest.iter().enumerate().any(|(n, part)| n != 1 && refused(part))
}

#[cfg(test)]
mod tests {
    use super::check;
    use http::Method;

    #[test]
    fn only_reads_and_questions_about_ourselves_pass() {
        let table = [
            (Method::GET, "/api/v1/pods?limit=500", true),
            (Method::GET, "/apis/apps/v1/deployments", true),
            (Method::GET, "/api/v1/namespaces/kube-system", true),
            (Method::GET, "/readyz?verbose", true),
            (Method::GET, "/api/v1/namespaces/proxy/pods", true),
            (Method::GET, "/api/v1/namespaces/log", true),
            (Method::POST, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", true),
            (Method::POST, "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", true),
            (Method::GET, "/logs/audit.log", false),
            (Method::GET, "/api/v1/proxy/nodes/n", false),
            (Method::GET, "/api/v1/namespaces/a/services/b/proxy/x", false),
            (Method::GET, "/api/v1/namespaces/a/log", false),
            (Method::POST, "/api/v1/pods", false),
            (Method::POST, "/apis/authorization.k8s.io/v1/subjectaccessreviews", false),
            (Method::POST, "/api/v1/namespaces/a/selfsubjectaccessreviews", false),
            (Method::PUT, "/api/v1/pods", false),
            (Method::PATCH, "/api/v1/pods", false),
            (Method::DELETE, "/api/v1/namespaces/a/pods/b", false),
            (Method::GET, "/api/v1/namespaces/a/pods/b/log", false),
            (Method::GET, "/api/v1/namespaces/a/pods/b/log?tailLines=1", false),
            (Method::GET, "/api/v1/namespaces/a/pods/b/exec", false),
            (Method::GET, "/api/v1/namespaces/a/pods/b/attach", false),
            (Method::GET, "/api/v1/namespaces/a/pods/b/portforward", false),
            (Method::GET, "/api/v1/namespaces/a/pods/b/eviction", false),
            (Method::GET, "/api/v1/nodes/n/proxy/stats/summary", false),
            (Method::GET, "/api/v1/nodes/n/proxy/", false),
            (Method::GET, "/api/v1/namespaces/a/serviceaccounts/b/token", false),
            (Method::GET, "/api/v1/nodes/n/%70roxy", false),
            (Method::GET, "/api/v1/x/../nodes", false),
            (Method::GET, "//elsewhere/api", false),
            (Method::GET, "https://elsewhere/api", false),
        ];
        for (method, path, passes) in table {
            assert_eq!(check(&method, path).is_ok(), passes, "{method} {path}");
        }
    }
}
