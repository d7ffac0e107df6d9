package oauth_test

import (
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

const (
	landedCode  = "eyJhbGciOiJSUzUxMiIsImtpZCI6IjE1NyJ9.eyJzYyI6ImNvbGxhYjoifQ.c2lnbmF0dXJl"
	landedState = "af0ifjsldkj"
)

func TestCallback(t *testing.T) {
	t.Parallel()

	const (
		bare       = "this is not an address: paste the whole address from the browser's address bar, or set `code` if you have only the code"
		unreadable = "this cannot be read as an address: paste it unchanged from the browser's address bar, on one line"
		badQuery   = "the part after the question mark cannot be read: paste the address unchanged from the browser's address bar"
		atStart    = "this is the address that starts the sign-in: open it, sign in, press Allow, and then paste the address that the browser shows"
		wrongState = "its state differs from `state`, so it belongs to another sign-in. Open the authorize URL that contains `state`, or set `state` to the value in the URL that you opened"
		noCode     = "it has no code: sign in at the authorize URL, press Allow, and then paste the address that the browser shows, even if the page was not found"
		twoCodes   = "it has more than one code: paste the address unchanged from the browser's address bar"
		isControl  = "it contains a line break or another control character"
		whiteSpace = "it starts or ends with white space, which usually comes from copying"
		isAddress  = "this is an address or a part of one: set `callback_url` to the whole address, or `code` to only the text between code= and the next &"
	)
	elsewhere := func(expected, start string) string {
		return "it does not start with `redirect_uri` (" + expected + ") but with " + start +
			". Paste the address that the browser landed on after Allow. `redirect_uri` must be the one in the authorize URL that you opened"
	}
	lacks := func(scheme string) string {
		return "it does not start with " + scheme + ": paste the whole address from the browser's address bar"
	}
	denied := func(reason string) string {
		return "GoTo reports that access was not allowed: " + reason +
			". Open the authorize URL again, sign in as a person who may use this OAuth client, and press Allow"
	}
	instead := func(reason string) string {
		return "GoTo reports an error instead of a code: " + reason +
			". Open the authorize URL again; if that does not help, compare the URL with the OAuth client's page"
	}
	const code, state = "?code=" + landedCode, "&state=" + landedState
	for name, test := range map[string]struct {
		redirectURI, state, landed string
		want                       string // the code, or the error
	}{
		"nothing to check":          {"", "", "https://example.com/" + code, landedCode},
		"slash added":               {"https://example.com", "", "https://example.com/" + code, landedCode},
		"slash missing":             {"https://example.com/", "", "https://example.com" + code, landedCode},
		"path":                      {redirectURI, "", redirectURI + code, landedCode},
		"state":                     {redirectURI, landedState, redirectURI + code + state, landedCode},
		"state before code":         {redirectURI, landedState, redirectURI + "?state=" + landedState + "&code=" + landedCode, landedCode},
		"state nobody asked for":    {redirectURI, "", redirectURI + code + state, landedCode},
		"state with escapes":        {"", "a b+c", "https://example.com/?state=a+b%2Bc&code=x", "x"},
		"host in capitals":          {"HTTPS://Example.com/callback", "", redirectURI + code, landedCode},
		"own query":                 {"https://example.com/?a=1&b=x+y", "", "https://example.com/?a=1&b=x%20y&code=" + landedCode, landedCode},
		"own query of two":          {"https://example.com/?a=1&a=2", "", "https://example.com/?a=1&a=2&code=" + landedCode, landedCode},
		"localhost":                 {"http://localhost:8080/cb", "", "http://localhost:8080/cb" + code, landedCode},
		"default port, https":       {"https://example.com:443/cb", "", "https://example.com/cb" + code, landedCode},
		"default port, http":        {"http://localhost:80/cb", "", "http://localhost/cb" + code, landedCode},
		"fragment":                  {redirectURI, "", redirectURI + code + "#_=_", landedCode},
		"percent-encoded":           {"", "", "https://example.com/?code=a%2Fb%2Bc%3D%3D", "a/b+c=="},
		"escaped path":              {"https://example.com/a%20b", "", "https://example.com/a%20b" + code, landedCode},
		"code beside an empty one":  {"", "", "https://example.com/" + code + "&code=", twoCodes},
		"code twice":                {"", "", "https://example.com/" + code + "&code=" + landedCode, twoCodes},
		"code empty":                {"", "", "https://example.com/?code=", noCode},
		"code missing":              {"", "", "https://example.com/?state=x", noCode},
		"code in the fragment":      {"", "", "https://example.com/#code=" + landedCode, noCode},
		"address as code":           {"", "", "https://example.com/?code=https%3A%2F%2Fexample.com%2F%3Fcode%3Dx", isAddress},
		"line break in the code":    {"", "", "https://example.com/?code=abc%0Adef", isControl},
		"line break after the code": {"", "", "https://example.com/?code=abc%0A", whiteSpace},
		"line break":                {"", "", "https://example.com/?code=abc\ndef", unreadable},
		"line break at the end":     {"", "", "https://example.com/" + code + "\n", landedCode},
		"in quotation marks":        {redirectURI, landedState, " \"" + redirectURI + code + state + "\"\r\n", landedCode},
		"in an e-mail":              {redirectURI, landedState, "“<" + redirectURI + code + state + ">”", landedCode},
		"invisible character":       {"", "", "https://example.com/" + code + "\u200b", unreadable},
		"no host":                   {"", "", "https:///" + code, unreadable},
		"bad escape":                {"", "", "https://example.com/?code=%zz" + landedCode, badQuery},
		"semicolon":                 {"", "", "https://example.com/?a;code=" + landedCode, badQuery},
		"bare code":                 {"", "", landedCode, bare},
		"bare parameters":           {"", "", "code=" + landedCode + state, bare},
		"without a scheme":          {"", "", "example.com/" + code, lacks("https://")},
		"loopback without a scheme": {"", "", "127.0.0.1:8080/" + code, lacks("http://")},
		"scheme of redirect_uri":    {"http://goto.test/cb", "", "goto.test/cb" + code, lacks("http://")},
		"query alone":               {"", "", code, bare},
		"nothing":                   {"", "", "", bare},
		"authorize URL": {redirectURI, landedState, newServer(t, oauth.DefaultAuthenticationURL).AuthorizeURL(
			oauth.AuthorizationRequest{ClientID: clientID, RedirectURI: redirectURI, State: landedState}), atStart},

		"state missing":   {redirectURI, landedState, redirectURI + code, wrongState},
		"state empty":     {redirectURI, landedState, redirectURI + code + "&state=", wrongState},
		"state wrong":     {redirectURI, landedState, redirectURI + code + "&state=other", wrongState},
		"state longer":    {redirectURI, landedState, redirectURI + code + state + "x", wrongState},
		"state twice":     {redirectURI, landedState, redirectURI + code + state + state, wrongState},
		"two states":      {redirectURI, landedState, redirectURI + code + state + "&state=other", wrongState},
		"error, no state": {redirectURI, landedState, redirectURI + "?error=access_denied", wrongState},

		"other path":      {redirectURI, "", "https://example.com/other" + code, elsewhere(redirectURI, "https://example.com/other")},
		"longer path":     {redirectURI, "", redirectURI + "/" + code, elsewhere(redirectURI, redirectURI+"/")},
		"path in capital": {redirectURI, "", "https://example.com/Callback" + code, elsewhere(redirectURI, "https://example.com/Callback")},
		"other host":      {redirectURI, "", "https://example.org/callback" + code, elsewhere(redirectURI, "https://example.org/callback")},
		"other port":      {redirectURI, "", "https://example.com:444/callback" + code, elsewhere(redirectURI, "https://example.com:444/callback")},
		"other scheme":    {redirectURI, "", "http://example.com/callback" + code, elsewhere(redirectURI, "http://example.com/callback")},
		"login page":      {redirectURI, "", "https://authentication.logmeininc.com/login?service=x", elsewhere(redirectURI, "https://authentication.logmeininc.com/login")},
		"own query lost":  {"https://example.com/?a=1", "", "https://example.com/" + code, elsewhere("https://example.com/?a=1", "https://example.com/")},
		"own query other": {"https://example.com/?a=1", "", "https://example.com/?a=2&code=x", elsewhere("https://example.com/?a=1", "https://example.com/")},
		"question mark lost": {redirectURI, "", redirectURI + "&code=" + landedCode,
			elsewhere(redirectURI, "https://example.com/callback&(secret)")},
		"question mark lost after the host": {"https://example.com", "", "https://example.com&code=" + landedCode,
			elsewhere("https://example.com", "https://example.com&(secret)")},
		"unreadable redirect URI": {"https://[::1", "", redirectURI + code, "`redirect_uri` cannot be read as a URI"},

		"denied": {redirectURI, landedState, redirectURI + "?error=access_denied" + state, denied("access_denied")},
		"denied with a description": {redirectURI, "", redirectURI + "?error=access_denied&error_description=%1B%5B31mThe+user%0D%0Asaid%1B%5D0;no%07%20%9bno%E2%80%AE",
			badQuery}, // a raw semicolon
		"denied in color": {redirectURI, "", redirectURI + "?error=access_denied&error_description=%1B%5B31mThe+user%0D%0Asaid%1B%5D0%3Bno%07%20no%E2%80%AE",
			denied("access_denied (The user said no)")},
		"denied, code repeated": {redirectURI, landedState, redirectURI + code + state + "&error=access_denied&error_description=not+for+" + landedCode + "+and+" + landedState,
			denied("access_denied (not for (secret) and (secret))")},
		"other error":          {redirectURI, "", redirectURI + "?error=invalid_scope&error_description=Unknown+scope", instead("invalid_scope (Unknown scope)")},
		"error without a name": {redirectURI, "", redirectURI + "?error=", instead("no reason given")},
		"error wins":           {redirectURI, "", redirectURI + code + "&error=server_error", instead("server_error")},
	} {
		got, err := oauth.Callback{RedirectURI: test.redirectURI, State: test.state}.Answer(test.landed)
		text := got.Code.Reveal()
		if err != nil {
			if text != "" {
				t.Errorf("%s: both the code %q and the error %v", name, text, err)
			}
			text = err.Error()
			for _, secret := range []string{landedCode, landedState} {
				if strings.Contains(text, secret) {
					t.Errorf("%s: the error repeats %q: %s", name, secret, text)
				}
			}
		}
		if text != test.want {
			t.Errorf("%s:\n got %s\nwant %s", name, text, test.want)
		}
	}
}

func FuzzCallback(f *testing.F) {
	for _, seed := range [][4]string{
		{"https://example.com", "", "https://example.com/?code=", ""},
		{redirectURI, landedState, redirectURI + "?code=", "&state=" + landedState},
		{redirectURI, "", redirectURI + "&code=", ""},
		{redirectURI, "", "https://example.com&code=", ""},
		{"", "x", "https://example.com/?error=access_denied&error_description=", "&code=" + landedCode},
		{"", "", "https://example.com/?error=", "&code=" + landedCode},
		{"", "", "", ""},
		{"https://example.com/?a=1", "", "https://", "@example.com/?a=1;code=%zz"},
		{"", "", "https://example.com/?code=x&code=", "#\x1b[31m"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, redirectURI, state, before, after string) {
		answer, err := oauth.Callback{RedirectURI: redirectURI, State: state}.Answer(before + landedCode + after)
		switch {
		case err == nil && answer.Code.IsEmpty():
			t.Fatal("neither a code nor an error")
		case err == nil:
			if refused := oauth.CheckCode(answer.Code.Reveal()); refused != nil {
				t.Fatalf("the code %q is not valid: %v", answer.Code.Reveal(), refused)
			}
		case !answer.Code.IsEmpty():
			t.Fatal("both a code and an error")
		// Errors repeat the configured redirect_uri verbatim, regardless of its contents.
		case strings.Contains(strings.ReplaceAll(err.Error(), redirectURI, ""), landedCode):
			t.Fatalf("the error repeats the code: %v", err)
		}
	})
}
