package httpclient_test

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

const (
	clientSecret = "3naO10IA2agcvG+9I9TGEQ=="
	// basicCredentials are the Basic credentials of a client with that secret.
	basicCredentials = "YjdjMGQ2ZjItOGE0OS00ZTBjOjNuYU8xMElBMmFnY3ZHKzlJOVRHRVE9PQ=="
	// maxText is slightly more than the limit for text repeated from a server, in runes.
	maxText = 310
)

func TestExplain(t *testing.T) {
	t.Parallel()

	const (
		jsonType = "application/json;charset=UTF-8"
		page     = "a web page instead of a reply, probably from a gateway or proxy"
		redirect = "a redirect, which is not followed because credentials must not travel to another address"
		retired  = "This endpoint is no longer valid, see https://developer.goto.com/guides"
	)
	for name, test := range map[string]struct {
		status            int
		contentType, body string
		code, reason      string
	}{
		"unknown client":       {401, jsonType, `{"error":"invalid_client","error_description":"client not found"}`, "invalid_client", "invalid_client (client not found)"},
		"grant not enabled":    {401, jsonType, `{"error":"invalid_client","error_description":"Unauthorized grant type"}`, "invalid_client", "invalid_client (Unauthorized grant type)"},
		"401 of a grant":       {401, jsonType, `{"error":"invalid_grant"}`, "invalid_grant", "invalid_grant"},
		"no content type":      {400, "", `{"error":"invalid_grant"}`, "invalid_grant", "invalid_grant"},
		"wrong content type":   {400, "text/html", `{"error":"invalid_grant"}`, "invalid_grant", "invalid_grant"},
		"byte order mark":      {400, jsonType, "\ufeff" + `{"error":"invalid_grant"}`, "invalid_grant", "invalid_grant"},
		"retired":              {404, jsonType, `{"message":"` + retired + `"}`, "", retired},
		"errorCode":            {403, jsonType, `{"errorCode":"AUTHN_EXPIRED_TOKEN","message":"expired"}`, "AUTHN_EXPIRED_TOKEN", "AUTHN_EXPIRED_TOKEN (expired)"},
		"errorCode alone":      {403, jsonType, `{"errorCode":"AUTHN_EXPIRED_TOKEN"}`, "AUTHN_EXPIRED_TOKEN", "AUTHN_EXPIRED_TOKEN"},
		"int_err_code":         {403, jsonType, `{"int_err_code":"InvalidToken","msg":"Invalid token passed"}`, "InvalidToken", "InvalidToken (Invalid token passed)"},
		"error before message": {400, jsonType, `{"message":"m","error":"e","msg":"n"}`, "e", "e (m)"},
		"error is an object":   {400, jsonType, `{"error":{"code":5},"message":"m"}`, "", "m"},
		"error is empty":       {400, jsonType, `{"error":"","message":"m"}`, "", "m"},
		"description number":   {400, jsonType, `{"error":"e","error_description":5}`, "e", "e"},
		"no known field":       {400, jsonType, ` {"detail": "d"} `, "", `{"detail": "d"}`},
		"array":                {400, jsonType, `["a"]`, "", `["a"]`},
		"text":                 {400, "text/plain", " Bad\r\nRequest\t", "", "Bad Request"},
		"empty":                {500, "", "", "", "an empty reply"},
		"white space":          {500, "", " \n", "", "an empty reply"},
		"HTML":                 {502, "text/html", "Bad Gateway", "", page},
		"HTML unnamed":         {502, "", "\n<html>", "", page},
		"redirect":             {302, "text/html", "<a href=/>Found</a>", "", redirect},
		"redirect, empty":      {307, "", "", "", redirect},
		"redirect with error":  {302, jsonType, `{"error":"moved"}`, "moved", "moved"},
		"colors and lines": {400, jsonType, `{"error":"\u001b[1minvalid_grant\u001b[0m","error_description":"a\u001b]0;title\u0007b\n\u009bc\u202ed\u0000e"}`,
			"invalid_grant", "invalid_grant (ab cde)"},
		"not UTF-8":       {400, "text/plain", "a\xff\xfeb", "", "ab"},
		"long run":        {400, "text/plain", "token " + strings.Repeat("a", 41) + " unknown", "", "token (secret) unknown"},
		"long text":       {400, "text/plain", strings.Repeat("é ", 400), "", strings.Repeat("é ", 150) + "…"},
		"escaped for URL": {400, "text/plain", "redirect_uri=https%3a%2F%2fexample.com&amp;x=%zz", "", "redirect_uri=https://example.com&x=%zz"},
	} {
		code, reason := httpclient.Explain(test.status, test.contentType, []byte(test.body), nil)
		if code != test.code || reason != test.reason {
			t.Errorf("%s:\n got %q, %q\nwant %q, %q", name, code, reason, test.code, test.reason)
		}
	}
}

// echoes returns the ways in which a server can repeat a secret that it received.
func echoes(text string) map[string]string {
	quoted, _ := json.Marshal(text)
	inJSON := string(quoted[1 : len(quoted)-1])
	query := url.QueryEscape(text)
	var everything, colored strings.Builder
	for _, r := range text {
		if r == '+' || r == '=' || r == '<' {
			everything.WriteString(`\u00` + strings.ToUpper(strings.TrimPrefix(url.QueryEscape(string(r)), "%")))
		} else {
			everything.WriteRune(r)
		}
		colored.WriteString(string(r) + "\x1b[0m")
	}
	lower := query
	for _, escape := range []string{"%2B", "%2F", "%3D", "%3C", "%3E", "%3A", "%C3%A9"} {
		lower = strings.ReplaceAll(lower, escape, strings.ToLower(escape))
	}
	echoes := map[string]string{
		"raw": text, "JSON": inJSON, "JSON twice": strings.ReplaceAll(inJSON, `\`, `\\`), "JSON, + escaped": everything.String(),
		"query": query, "query, lower-case": lower, "path": url.PathEscape(text), "HTML": html.EscapeString(text), "colored": colored.String(),
	}
	for i, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
		encoded := encoding.EncodeToString([]byte(text))
		echoes["base64 "+string(rune('1'+i))] = encoded
		echoes["base64 in a query "+string(rune('1'+i))] = url.QueryEscape(encoded)
	}
	return echoes
}

func TestExplainMasksEchoedSecrets(t *testing.T) {
	t.Parallel()

	for _, text := range []string{
		clientSecret, basicCredentials, "eyJhbGciOiJSUzUxMiJ9.co/de+1.c2ln", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
		"rt<1>&\"two\"/three four", "pat:50%~é", ">>>???~~~",
	} {
		secrets := []secret.Value{{}, secret.New(text)}
		for name, echo := range echoes(text) {
			inJSON, _ := json.Marshal("before " + echo + " after")
			for body, want := range map[string]string{
				`{"error":"e","error_description":` + string(inJSON) + `}`: "e (before (secret) after)",
				`{"message":` + string(inJSON) + `}`:                       "before (secret) after",
				"before " + echo + " after":                                "before (secret) after",
			} {
				_, reason := httpclient.Explain(400, "", []byte(body), secrets)
				if reason = strings.ReplaceAll(reason, "(secret)==", "(secret)"); reason != want { // padding may remain
					t.Errorf("%s of %q in %s: %s", name, text, body, reason)
				}
			}
			// Secrets are masked in the code as well, and in JSON of any shape.
			asJSON, _ := json.Marshal(echo)
			code, reason := httpclient.Explain(400, "", []byte(`{"error":`+string(asJSON)+`}`), secrets)
			code, reason = strings.TrimSuffix(code, "=="), strings.TrimSuffix(reason, "==")
			if code != "(secret)" || reason != "(secret)" {
				t.Errorf("%s of %q as error: %q, %q", name, text, code, reason)
			}
			_, reason = httpclient.Explain(400, "", []byte(`{"request":`+string(asJSON)+`}`), secrets)
			if strings.Replace(reason, "(secret)==", "(secret)", 1) != `{"request":"(secret)"}` {
				t.Errorf("%s of %q in other JSON: %s", name, text, reason)
			}
		}
	}
}

func FuzzExplain(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"error":"invalid_grant","error_description":"`, `"}`},
		{`{"message":"`, `"}`},
		{`{"errorCode":"`, `","message":{}}`},
		{"%", "%2"},
		{`\`, `\u00`},
		{"\x1b]0;", "\x07"},
		{"\x1b", "\x1b["},
		{"3naO10IA2agcvG&#", "3naO10IA2agcvG\x00+9I9TGEQ=="},
		{"<html>", "&"},
		{"\xff\xc3", "\xa9"},
	} {
		f.Add(400, "application/json", seed[0], seed[1])
		f.Add(302, "text/html", seed[0], seed[1])
	}
	secrets := []secret.Value{secret.New(clientSecret), secret.New(basicCredentials), {}}
	f.Fuzz(func(t *testing.T, status int, contentType, before, after string) {
		for _, echo := range []string{clientSecret, url.QueryEscape(clientSecret), basicCredentials} {
			code, reason := httpclient.Explain(status, contentType, []byte(before+echo+after), secrets)
			for _, text := range []string{code, reason} {
				if strings.Contains(text, echo) || strings.Contains(text, clientSecret) {
					t.Fatalf("%q contains a secret", text)
				}
				if strings.ContainsAny(text, "\x00\x07\n\r\x1b") || !utf8.ValidString(text) {
					t.Fatalf("%q is not plain text", text)
				}
				if utf8.RuneCountInString(text) > 2*maxText {
					t.Fatalf("%d bytes of the reply are repeated", len(text))
				}
			}
			if reason == "" {
				t.Fatal("no reason")
			}
		}
	})
}
