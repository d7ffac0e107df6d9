package provider_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/terraform-goto/terraform-provider-goto/internal/provider"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// These tests cover arguments, attributes, and messages. They run the provider in their own process, where even a cache
// in memory would pass. The stories cover several walks and processes.

// world is a stand-in and the environment of a provider.
type world struct {
	*testing.T
	server      *standin.Server
	environment map[string]string
	recorder    recorder
	later       atomic.Int64 // time by which the provider's clock is ahead
}

func newWorld(t *testing.T) *world {
	t.Helper()
	server, err := standin.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return &world{T: t, server: server, environment: map[string]string{
		"GOTO_CLIENT_ID":          standin.ClientID,
		"GOTO_CLIENT_SECRET":      standin.ClientSecret,
		"GOTO_REDIRECT_URI":       standin.RedirectURI,
		"GOTO_AUTHENTICATION_URL": server.URL,
		"GOTO_TOKEN_CACHE":        "file:///" + strings.TrimPrefix(filepath.ToSlash(filepath.Join(t.TempDir(), "cache")), "/"),
	}}
}

// set sets environment variables, given as pairs of name and value.
func (w *world) set(pairs ...string) *world {
	for i := 0; i < len(pairs); i += 2 {
		w.environment[pairs[i]] = pairs[i+1]
	}
	return w
}

// run applies the configurations in order.
func (w *world) run(steps ...resource.TestStep) {
	w.Helper()
	resource.UnitTest(w.T, resource.TestCase{
		TerraformVersionChecks: []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_10_0)},
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){
			"goto": func() (tfprotov6.ProviderServer, error) {
				later := func() time.Time { return time.Now().Add(time.Duration(w.later.Load())) }
				return recordedServer{newServer(w.T, func(name string) string { return w.environment[name] }, provider.WithClock(later)), w}, nil
			},
			"echo": echoprovider.NewProviderServer(),
		},
		Steps: steps,
	})
	w.checkLeaks()
}

// refuses fails the test unless the provider refuses the arguments of a block with message before it sends a token
// request. The block is named by its type, or "" for the provider.
func (w *world) refuses(block, arguments, message string) {
	w.Helper()
	w.says(block, arguments, message)
	if counts := w.server.Counts(); counts.Token != 0 {
		w.Errorf("sent %d token requests", counts.Token)
	}
}

// words matches a message regardless of line breaks from the CLI. An ellipsis in it stands for the location
// in the configuration that the CLI prints between summary and detail, or for any other text.
func words(message string) *regexp.Regexp {
	fields := strings.Fields(message)
	for i := range fields {
		fields[i] = regexp.QuoteMeta(fields[i])
	}
	return regexp.MustCompile(strings.ReplaceAll(strings.Join(fields, `[\s│]+`), `[\s│]+…[\s│]+`, `(?s:.*)`))
}

// echoed returns a configuration that passes the ephemeral resource with the given arguments to the echo
// provider, whose resource stores it in the state so that tests can check it.
func echoed(arguments string) string {
	return fmt.Sprintf(`
ephemeral "goto_access_token" "test" {
%s
}
provider "echo" {
  data = ephemeral.goto_access_token.test
}
resource "echo" "test" {}
`, arguments)
}

func TestProviderRefusesInvalidArguments(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ arguments, message string }{
		"http to another machine":    {`authentication_url = "http://goto.example.com"`, `Invalid authentication_url … Credentials are sent to goto.example.com and would travel unencrypted.`},
		"retired host":               {`authentication_url = "https://api.getgo.com/oauth/v2"`, `GoTo has retired the OAuth endpoints on api.getgo.com (/oauth/v2).`},
		"endpoint instead of base":   {`authentication_url = "https://authentication.logmeininc.com/oauth/token"`, `The address must be the base URL of the endpoints, without "/oauth/token".`},
		"api over http":              {`api_url = "http://goto.example.com"`, `Invalid api_url … Credentials are sent to goto.example.com and would travel unencrypted.`},
		"two grants":                 {"refresh_token = \"one\"\npersonal_access_token = \"two\"", `Conflicting arguments … Set only one of refresh_token and personal_access_token: a token comes from only one of them.`},
		"profile of a pat":           {"profile = \"ada\"\npersonal_access_token = \"two\"", `Set only one of personal_access_token and profile: a personal access token needs no stored login.`},
		"empty client ID":            {`client_id = ""`, `Invalid client_id … It is an empty string; leave the argument out instead.`},
		"empty client secret":        {`client_secret = ""`, `Invalid client_secret … It is an empty string; leave the argument out instead.`},
		"empty redirect URI":         {`redirect_uri = ""`, `Invalid redirect_uri … It is an empty string;`},
		"empty refresh token":        {`refresh_token = ""`, `Invalid refresh_token … It is an empty string;`},
		"empty token":                {`personal_access_token = ""`, `Invalid personal_access_token … It is an empty string;`},
		"empty profile":              {`profile = ""`, `Invalid profile … It is an empty string;`},
		"empty token cache":          {`token_cache = ""`, `Invalid token_cache … It is an empty string;`},
		"secret with a line break":   {"client_secret = \"secret\\n\"", `Invalid client_secret … It starts or ends with white space, which usually comes from copying; trimspace() removes it.`},
		"ID and secret in one":       {`client_id = "id:secret"`, `Invalid client_id … A client ID contains no colon;`},
		"bare path as token cache":   {`token_cache = "/var/cache"`, `Invalid token_cache … write "file:///var/cache".`},
		"home as token cache":        {`token_cache = "~/cache"`, `Invalid token_cache … ~ is not expanded; write an absolute path after three slashes`},
		"upper-case token cache":     {`token_cache = "OFF"`, `Invalid token_cache … write "off" in lower case.`},
		"relative token cache":       {`token_cache = "file://cache"`, `Invalid token_cache … the part after two slashes is a host name`},
		"unknown scheme":             {`token_cache = "https://host/cache"`, `Invalid token_cache … this kind of location is not supported`},
		"no duration":                {`request_timeout = "soon"`, "Invalid request_timeout … `soon` is not a duration like `30s` or `1m`."},
		"no positive duration":       {`request_timeout = "0s"`, "Invalid request_timeout … `0s` is not a positive duration."},
		"too long a timeout":         {`request_timeout = "11m"`, "Invalid request_timeout … `11m` is longer than `10m`."},
		"too many retries":           {`max_retries = 11`, `Attribute max_retries value must be between 0 and 10, got: 11`},
		"redirect URI with fragment": {`redirect_uri = "https://example.com/#x"`, `Invalid redirect_uri … It must not have a fragment (#).`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newWorld(t).refuses("", test.arguments, test.message)
		})
	}
}

func TestProviderRefusesInvalidEnvironment(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		environment []string
		message     string
	}{
		"http to another machine": {[]string{"GOTO_AUTHENTICATION_URL", "http://goto.example.com"}, `Invalid GOTO_AUTHENTICATION_URL … The environment variable GOTO_AUTHENTICATION_URL is read because the argument authentication_url is absent.`},
		"white space":             {[]string{"GOTO_CLIENT_SECRET", "secret\n"}, `Invalid GOTO_CLIENT_SECRET … which usually comes from copying; remove it where the variable is set.`},
		"two grants":              {[]string{"GOTO_REFRESH_TOKEN", "one", "GOTO_PERSONAL_ACCESS_TOKEN", "two"}, `Both GOTO_REFRESH_TOKEN and GOTO_PERSONAL_ACCESS_TOKEN are set, but only one of them can be used.`},
		"profile of a pat":        {[]string{"GOTO_PROFILE", "ada", "GOTO_PERSONAL_ACCESS_TOKEN", "two"}, `Both GOTO_PERSONAL_ACCESS_TOKEN and GOTO_PROFILE are set,`},
		"path as token cache":     {[]string{"GOTO_TOKEN_CACHE", "/var/cache"}, `Invalid GOTO_TOKEN_CACHE … write "file:///var/cache".`},
		"no duration":             {[]string{"GOTO_REQUEST_TIMEOUT", "30"}, "`30` is not a duration like `30s` or `1m`."},
		"duration with a break":   {[]string{"GOTO_REQUEST_TIMEOUT", "30s\n"}, `Invalid GOTO_REQUEST_TIMEOUT … remove it where the variable is set.`},
		"number with a break":     {[]string{"GOTO_MAX_RETRIES", "3\n"}, `Invalid GOTO_MAX_RETRIES … remove it where the variable is set.`},
		"no positive duration":    {[]string{"GOTO_REQUEST_TIMEOUT", "-1s"}, "`-1s` is not a positive duration."},
		"no number":               {[]string{"GOTO_MAX_RETRIES", "many"}, "`many` is not a whole number from 0 to 10."},
		"too many retries":        {[]string{"GOTO_MAX_RETRIES", "11"}, "`11` is not a whole number from 0 to 10."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newWorld(t).set(test.environment...).refuses("", "", test.message)
		})
	}
}

func TestAccessTokenLifetimeComesFromTheReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.Configure(func(b *standin.Behavior) { b.AccessTokenLifetime = 2 * time.Hour })
	w.set("GOTO_PERSONAL_ACCESS_TOKEN", w.server.IssuePersonalAccessToken())
	w.run(resource.TestStep{Config: echoed(`min_validity = "110m"`)})
	if counts := w.server.Counts(); counts.Token != 1 {
		t.Errorf("%d token requests", counts.Token)
	}
}

// front returns a second server for the stand-in. It calls intercept first for every request and
// forwards the request unless intercept reports that it has answered.
func (w *world) front(intercept func(http.ResponseWriter, *http.Request) bool) *httptest.Server {
	w.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !intercept(rw, r) {
			w.server.Handler().ServeHTTP(rw, r)
		}
	}))
	w.Cleanup(server.Close)
	return server
}
