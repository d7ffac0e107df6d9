// Package faults is a table of what can go wrong between the provider and GoTo's token endpoint, with the required
// results. The engine and the command line are both tested with it.
package faults

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// MaxRetries is the setting for which the table's numbers of requests are correct.
const MaxRetries = 1

// AccessToken is the access token in invented replies. It is a secret like those of the stand-in.
const AccessToken = "eyJhbGciOiJub25lIn0.made+up/by.the-fault=="

// Fault is a row of the table.
type Fault struct {
	Name string

	// One of these causes the fault on a [Site].
	answer    func(site *Site, n int) http.HandlerFunc // to the n-th request, n = 1, 2, …; the stand-in's own if nil
	configure func(*standin.Behavior)
	network   network

	// Hangs reports whether requests last until request_timeout, which should then be short.
	Hangs bool
	// CodeDiffers reports whether the results differ for an authorization code.
	CodeDiffers bool

	// Outcome is the outcome of the failure, or 0 if the request must succeed.
	Outcome oauth.Outcome
	// Status is the status of the failure.
	Status int
	// Reason is a regular expression that the failure's reason matches.
	Reason string
	// RetryAfter is the expected RetryAfter of the failure. The actual one may be up to a minute shorter.
	RetryAfter time.Duration
	// Requests is how many requests the stand-in gets with a credential that may be sent again, and CodeRequests how
	// many with a code.
	Requests, CodeRequests int
	// Lifetime is the lifetime of the token, if there is one.
	Lifetime time.Duration
	// Pause is the minimum time between the first request and the second.
	Pause time.Duration
}

// MaybeProcessed reports whether the server may have processed the request that failed.
func (f Fault) MaybeProcessed() bool {
	return (&oauth.TokenError{Outcome: f.Outcome, Status: f.Status}).MaybeProcessed()
}

const (
	webPage    = "a web page instead of a reply, probably from a gateway or proxy"
	noRedirect = "a redirect, which is not followed because credentials must not travel to another address"
	year       = 365 * 24 * time.Hour

	// Parts of the messages of Unix and Windows.
	refused = "dial tcp .* refused"
	broken  = "reset by peer|forcibly closed"
)

// Table returns the rows.
func Table() []Fault {
	table := []Fault{
		// The network
		{Name: "connection-refused", network: refusedConnection, CodeDiffers: true,
			Outcome: oauth.NotSent, Reason: refused},
		// If name servers do not answer either, the request times out.
		{Name: "name-not-resolvable", network: unknownName, Hangs: true,
			Outcome: oauth.NotSent, Reason: `lookup goto\.invalid|no answer within [0-9]+m?s`},
		{Name: "certificate-not-trusted", network: untrustedCertificate, CodeDiffers: true,
			Outcome: oauth.NotSent, Reason: "tls: failed to verify certificate: x509: certificate signed by unknown authority"},
		{Name: "certificate-expired", network: expiredCertificate,
			Outcome: oauth.NotSent, Reason: "tls: failed to verify certificate: x509: certificate has expired or is not yet valid"},
		{Name: "certificate-of-another-host", network: foreignCertificate,
			Outcome: oauth.NotSent, Reason: `tls: failed to verify certificate: x509: certificate is valid for 192\.0\.2\.1, not 127`},
		{Name: "handshake-without-end", network: endlessHandshake, Hangs: true, CodeDiffers: true,
			Outcome: oauth.NotSent, Reason: "no answer within [0-9]+m?s"},
		{Name: "proxy-refuses-connection", network: refusedProxy, CodeDiffers: true,
			Outcome: oauth.NotSent, Reason: "proxyconnect tcp: " + refused},
		{Name: "proxy-forbids", network: forbiddingProxy,
			Outcome: oauth.NotSent, Reason: "Forbidden"},
		// The proxy could resolve the name. A lookup of the name shows that the proxy is bypassed.
		{Name: "no-proxy", network: bypassedProxy, Hangs: true,
			Outcome: oauth.NotSent, Reason: `lookup goto\.invalid|no answer within [0-9]+m?s`},
		{Name: "answer-lost", network: lostAnswer, CodeDiffers: true,
			Outcome: oauth.Interrupted, Reason: "EOF|" + broken, Requests: 2, CodeRequests: 1},

		// No answer
		{Name: "no-answer", answer: always(hang), Hangs: true, CodeDiffers: true,
			Outcome: oauth.Interrupted, Reason: "no answer within [0-9]+m?s", Requests: 2, CodeRequests: 1},
		{Name: "one-byte-a-second", answer: always(drip), Hangs: true, CodeDiffers: true,
			Outcome: oauth.Interrupted, Reason: "no answer within [0-9]+m?s", Requests: 2, CodeRequests: 1},
		{Name: "reset", answer: always(reset), CodeDiffers: true,
			Outcome: oauth.Interrupted, Reason: broken, Requests: 2, CodeRequests: 1},
		{Name: "broken-off", answer: always(breakOff), CodeDiffers: true,
			Outcome: oauth.Interrupted, Reason: "reading the reply: unexpected EOF", Requests: 2, CodeRequests: 1},

		// Not now
		{Name: "429", answer: always(reply(429, "text/plain", "slow down")), CodeDiffers: true,
			Outcome: oauth.Unavailable, Status: 429, Reason: "slow down", Requests: 2, CodeRequests: 2},
		{Name: "429-once", answer: once(reply(429, "", "")), CodeDiffers: true,
			Requests: 2, CodeRequests: 2, Lifetime: time.Hour},
		{Name: "429-seconds", answer: once(retryAfter("1", reply(429, "", ""))),
			Requests: 2, CodeRequests: 2, Lifetime: time.Hour, Pause: time.Second},
		// Dates have whole seconds, so this is 1 to 2 s ahead.
		{Name: "429-date", answer: once(retryAt(2*time.Second, reply(429, "", ""))),
			Requests: 2, CodeRequests: 2, Lifetime: time.Hour, Pause: time.Second},
		{Name: "429-for-an-hour", answer: always(retryAt(time.Hour, reply(429, "", ""))), CodeDiffers: true,
			Outcome: oauth.Unavailable, Status: 429, Reason: "an empty reply", RetryAfter: time.Hour, Requests: 1, CodeRequests: 1},
		{Name: "429-forever", answer: always(retryAfter("99999999999999999999", reply(429, "", ""))),
			Outcome: oauth.Unavailable, Status: 429, Reason: "an empty reply", RetryAfter: year, Requests: 1, CodeRequests: 1},
		{Name: "500", answer: always(reply(500, "application/json", `{"error":"server_error"}`)), CodeDiffers: true,
			Outcome: oauth.Unavailable, Status: 500, Reason: "server_error", Requests: 2, CodeRequests: 1},
		{Name: "502-web-page", answer: always(reply(502, "text/html", "<html><h1>Bad Gateway</h1>")), CodeDiffers: true,
			Outcome: oauth.Unavailable, Status: 502, Reason: webPage, Requests: 2, CodeRequests: 1},
		{Name: "503", answer: always(reply(503, "text/plain", "maintenance")), CodeDiffers: true,
			Outcome: oauth.Unavailable, Status: 503, Reason: "maintenance", Requests: 2, CodeRequests: 2},

		// Tolerated replies
		{Name: "expires-in-absent", configure: func(b *standin.Behavior) { b.OmitReply = []string{"expires_in"} },
			Requests: 1, CodeRequests: 1, Lifetime: time.Hour},
		expiresIn("string", "1800", 30*time.Minute),
		expiresIn("zero", 0, 0),

		// Refused
		refusal("error-text-with-escapes",
			`{"error":"temporarily\u001b[2J_odd","error_description":"\u001b[31mred\u001b[0m\r\nsecond\nline\u202e\u0007 \u001b]0;title\u0007end"}`,
			`temporarily_odd \(red second line end\)`),
	}
	table = append(table,
		unusable("web-page", "<!DOCTYPE html><title>Sign in to the network</title>", "the reply is not a JSON object"),
		unusable("truncated", `{"access_token":"`+AccessToken+`"`, "the reply is not a JSON object"),
		unusable("empty", "", "the reply is empty"),
		unusable("access-token-line-break", `{"access_token":"`+AccessToken+`\r\nX-Injected: 1"}`, "the access_token in the reply has characters that a header cannot contain"),
		Fault{Name: "200-endless", answer: always(endless), Outcome: oauth.Unusable, Status: 200,
			Reason: "the reply is longer than 1 MiB", Requests: 1, CodeRequests: 1},
		Fault{Name: "200-gzip-bomb", answer: always(gzipBomb), Outcome: oauth.Unusable, Status: 200,
			Reason: "the reply is longer than 1 MiB", Requests: 1, CodeRequests: 1},
	)
	for _, status := range []int{301, 302, 307, 308} {
		table = append(table,
			redirect(fmt.Sprintf("%d-to-itself", status), status, func(*Site) string { return "/oauth/token" }),
			redirect(fmt.Sprintf("%d-to-another-host", status), status, func(site *Site) string { return site.elsewhere.URL + "/oauth/token" }))
	}
	table = append(table, Fault{Name: "echo", answer: always(echo), CodeDiffers: true,
		Outcome: oauth.Refused, Status: 400, Reason: `invalid_request \(you sent .*\(secret\)`, Requests: 1, CodeRequests: 1})
	slices.SortFunc(table, func(a, b Fault) int { return strings.Compare(a.Name, b.Name) })
	return table
}

func expiresIn(name string, value any, lifetime time.Duration) Fault {
	return Fault{
		Name:      "expires-in-" + name,
		configure: func(b *standin.Behavior) { b.ExtraReply = map[string]any{"expires_in": value} },
		Requests:  1, CodeRequests: 1, Lifetime: lifetime,
	}
}

func refusal(name, body, reason string) Fault {
	return Fault{Name: name, answer: always(reply(400, "application/json", body)),
		Outcome: oauth.Refused, Status: 400, Reason: reason, Requests: 1, CodeRequests: 1}
}

func unusable(name, body, reason string) Fault {
	return Fault{Name: "200-" + name, answer: always(reply(200, "application/json", body)), CodeDiffers: name == "web-page",
		Outcome: oauth.Unusable, Status: 200, Reason: reason, Requests: 1, CodeRequests: 1}
}

func redirect(name string, status int, location func(*Site) string) Fault {
	return Fault{
		Name: name,
		answer: func(site *Site, _ int) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, location(site), status) }
		},
		Outcome: oauth.Refused, Status: status, Reason: noRedirect, Requests: 1, CodeRequests: 1,
	}
}
