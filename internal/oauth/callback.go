package oauth

import (
	"cmp"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
	"github.com/terraform-goto/terraform-provider-goto/internal/redact"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// Callback describes the expected authorization response (RFC 6749 section 4.1.2).
type Callback struct {
	RedirectURI string // not checked if empty
	State       string // not checked if empty
}

// Answer is the result of an authorization response.
type Answer struct {
	Code  secret.Value
	State string // empty if there was none
}

// Answer returns the authorization code and the state in landed, the whole address that the browser landed on. White
// space and quotation marks around the address are ignored. Errors never repeat a code or a state.
func (c Callback) Answer(landed string) (Answer, error) {
	landed = strings.TrimFunc(landed, isWrapping)
	if !strings.Contains(landed, "://") {
		if host, _, found := strings.Cut(landed, "?"); found && host != "" {
			return Answer{}, fmt.Errorf("it does not start with %s: paste the whole address from the browser's address bar", c.scheme(host))
		}
		return Answer{}, errors.New("this is not an address: paste the whole address from the browser's address bar, or set `code` if you have only the code")
	}
	parsed, err := url.Parse(landed)
	if err != nil || parsed.Host == "" || strings.ContainsFunc(landed, redact.IsControl) {
		return Answer{}, errors.New("this cannot be read as an address: paste it unchanged from the browser's address bar, on one line")
	}
	query, err := url.ParseQuery(parsed.RawQuery)
	if err != nil {
		return Answer{}, errors.New("the part after the question mark cannot be read: paste the address unchanged from the browser's address bar")
	}
	if query.Has("response_type") {
		return Answer{}, errors.New("this is the address that starts the sign-in: open it, sign in, press Allow, and then paste the address that the browser shows")
	}
	if err := c.checkRedirectURI(parsed, query); err != nil {
		return Answer{}, err
	}
	if err := c.checkState(query["state"]); err != nil {
		return Answer{}, err
	}
	if query.Has("error") {
		return Answer{}, refusal(query)
	}
	switch codes := query["code"]; {
	case len(codes) == 0 || codes[0] == "":
		return Answer{}, errors.New("it has no code: sign in at the authorize URL, press Allow, and then paste the address that the browser shows, even if the page was not found")
	case len(codes) > 1:
		return Answer{}, errors.New("it has more than one code: paste the address unchanged from the browser's address bar")
	default:
		if err := CheckCode(codes[0]); err != nil {
			return Answer{}, err
		}
		return Answer{secret.New(codes[0]), query.Get("state")}, nil
	}
}

// isWrapping matches characters that may be copied along with an address. An address cannot end with them, because
// browsers escape them.
func isWrapping(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune("\"'<>“”‘’", r)
}

// scheme returns the most likely beginning of an address at host.
func (c Callback) scheme(host string) string {
	start := cmp.Or(c.RedirectURI, host)
	for _, insecure := range []string{"http://", "localhost", "127.", "[::1]"} {
		if strings.HasPrefix(start, insecure) {
			return "http://"
		}
	}
	return "https://"
}

func (c Callback) checkRedirectURI(landed *url.URL, query url.Values) error {
	if c.RedirectURI == "" {
		return nil
	}
	expected, err := url.Parse(c.RedirectURI)
	if err != nil {
		return errors.New("`redirect_uri` cannot be read as a URI")
	}
	same := strings.EqualFold(landed.Scheme, expected.Scheme) &&
		strings.EqualFold(httpclient.Authority(landed), httpclient.Authority(expected)) &&
		pathOrSlash(landed) == pathOrSlash(expected)
	for name, values := range expected.Query() {
		same = same && slices.Equal(query[name], values)
	}
	if !same {
		// Masked, because without a question mark, the code is part of the path.
		start := redact.Text(landed.Scheme+"://"+landed.Host+landed.EscapedPath(), nil)
		return fmt.Errorf("it does not start with `redirect_uri` (%s) but with %s. Paste the address that the browser landed on after Allow. `redirect_uri` must be the one in the authorize URL that you opened",
			c.RedirectURI, start)
	}
	return nil
}

// pathOrSlash returns "/" for an empty path, because browsers show "https://example.com" as "https://example.com/".
func pathOrSlash(u *url.URL) string {
	if path := u.EscapedPath(); path != "" {
		return path
	}
	return "/"
}

func (c Callback) checkState(states []string) error {
	if c.State == "" {
		return nil
	}
	if len(states) != 1 || subtle.ConstantTimeCompare([]byte(states[0]), []byte(c.State)) != 1 {
		return errors.New("its state differs from `state`, so it belongs to another sign-in. Open the authorize URL that contains `state`, or set `state` to the value in the URL that you opened")
	}
	return nil
}

func refusal(query url.Values) error {
	var secrets []secret.Value
	for _, value := range append(query["code"], query["state"]...) {
		secrets = append(secrets, secret.New(value))
	}
	reason := httpclient.Describe(query.Get("error"), query.Get("error_description"), secrets)
	if query.Get("error") == "access_denied" {
		return &DeniedError{"GoTo reports that access was not allowed: " + reason,
			"Open the authorize URL again, sign in as a person who may use this OAuth client, and press Allow"}
	}
	return &DeniedError{"GoTo reports an error instead of a code: " + reason,
		"Open the authorize URL again; if that does not help, compare the URL with the OAuth client's page"}
}

// DeniedError reports that the authorization response is an error (RFC 6749 section 4.1.2.1).
type DeniedError struct {
	Reason string // a clause
	Remedy string // assumes that the person has the authorize URL
}

// Error implements the error interface.
func (e *DeniedError) Error() string { return e.Reason + ". " + e.Remedy }

// CheckCode returns an error if text cannot be an authorization code. The error does not repeat it.
func CheckCode(text string) error {
	if strings.Contains(text, "://") || strings.Contains(text, "code=") {
		return errors.New("this is an address or a part of one: set `callback_url` to the whole address, or `code` to only the text between code= and the next &")
	}
	return CheckCredential(text)
}
