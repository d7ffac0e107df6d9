package httpclient_test

import (
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
)

func TestParseBaseURL(t *testing.T) {
	t.Parallel()

	const (
		absolute = `the address is not an absolute URL like "https://host"`
		user     = "the address must not contain a user name or password"
		query    = "the address must not have a query or a fragment"
	)
	inTheClear := func(host string) string {
		return "credentials are sent to " + host + " and would travel unencrypted. Use https (http is accepted for a loopback address only)"
	}
	for base, want := range map[string]string{ // the normal form, or the error
		"https://authentication.logmeininc.com": "https://authentication.logmeininc.com",
		"https://identity.goto.com/":            "https://identity.goto.com",
		"HTTPS://Identity.GoTo.com:443/":        "https://identity.goto.com",
		"https://host/Base//":                   "https://host/Base",
		"http://localhost:8080":                 "http://localhost:8080",
		"http://LOCALHOST":                      "http://localhost",
		"http://127.0.0.1:1/":                   "http://127.0.0.1:1",
		"http://127.9.8.7":                      "http://127.9.8.7",
		"http://[::1]:8080/a":                   "http://[::1]:8080/a",
		"https://host#":                         "https://host",

		"":                                absolute,
		" https://host":                   absolute,
		"https://host ":                   absolute,
		"https://":                        absolute,
		"https://:443":                    absolute,
		"https:host":                      absolute,
		"https:///oauth":                  absolute,
		"//host":                          absolute,
		"authentication.logmeininc.com":   absolute,
		"localhost:8080":                  absolute,
		"https://host:port":               absolute,
		"https://us%er:hunter2@host":      absolute,
		"https://user:hunter2":            absolute,
		"user:hunter2@host":               absolute,
		"https://user:hunter2@host":       user,
		"https://hunter2@host":            user,
		"https://@host":                   user,
		"ftp://user:hunter2@host":         user,
		"http://user:hunter2@goto.com/?a": user,
		"https://host?":                   query,
		"https://host/?pw=hunter2":        query,
		"https://host/#hunter2":           query,
		"ftp://host":                      "the address must start with https://, not with ftp://",
		"file://localhost/etc":            "the address must start with https://, not with file://",
		"http://identity.goto.com":        inTheClear("identity.goto.com"),
		"http://127.0.0.1.example.com":    inTheClear("127.0.0.1.example.com"),
		"http://localhost.example.com":    inTheClear("localhost.example.com"),
		"http://0.0.0.0":                  inTheClear("0.0.0.0"),
		"http://2130706433":               inTheClear("2130706433"),
		"http://[::2]":                    inTheClear("::2"),
		"http://[fe80::1%25lo]":           inTheClear("fe80::1%lo"),
	} {
		parsed, err := httpclient.ParseBaseURL(base)
		var got string
		if err != nil {
			got = err.Error()
		} else {
			got = parsed.String()
		}
		if got != want {
			t.Errorf("ParseBaseURL(%q):\n got %s\nwant %s", base, got, want)
		}
		if isURL := strings.HasPrefix(want, "http"); isURL != (err == nil) {
			t.Errorf("ParseBaseURL(%q) returned the error %v", base, err)
		}
	}
}

func FuzzParseBaseURL(f *testing.F) {
	for _, seed := range []string{
		"https://host", "http://localhost:1/a/", "http://[::1%25lo]", "https://u:p@host?q#f", "//host", "HTTP://127.0.0.1",
		"https://h%41st", "https://[::1", "ftp://host", "http://127.1", "https://host/%2f/", "https://host/a%2fb//",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		parsed, err := httpclient.ParseBaseURL(raw)
		if err != nil {
			return
		}
		if parsed.Scheme != "https" && (parsed.Scheme != "http" || !isLoopbackName(parsed.Hostname())) {
			t.Fatalf("%q was accepted as %s, which sends secrets unencrypted", raw, parsed)
		}
		if parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "" || strings.HasSuffix(parsed.Path, "/") {
			t.Fatalf("%q was parsed as %s", raw, parsed)
		}
		again, err := httpclient.ParseBaseURL(parsed.String())
		if err != nil || again.String() != parsed.String() {
			t.Fatalf("%q has the normal form %s, but the normal form of that is %v (error %v)", raw, parsed, again, err)
		}
	})
}

func isLoopbackName(host string) bool {
	return host == "localhost" || strings.HasPrefix(host, "127.") || strings.Contains(host, ":") // IPv6: see the table
}
