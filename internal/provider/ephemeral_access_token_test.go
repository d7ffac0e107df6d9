package provider_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// output returns a check for an attribute of the token.
func output(attribute string, expected knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue("echo.test", tfjsonpath.New("data").AtMapKey(attribute), expected)
}

// landing returns the address where the browser lands, with a new code.
func (w *world) landing(state string) string {
	query := url.Values{"code": {w.server.IssueCode(standin.CodeRequest{})}}
	if state != "" {
		query.Set("state", state)
	}
	return standin.RedirectURI + "?" + query.Encode()
}

func (w *world) expectRequests(codes, refreshes, personalAccessTokens int) {
	w.Helper()
	got := w.server.Counts()
	if got.Code != codes || got.Refresh != refreshes || got.PersonalAccessToken != personalAccessTokens {
		w.Errorf("token requests: %d with a code, %d refreshes, %d with a personal access token; want %d, %d, %d",
			got.Code, got.Refresh, got.PersonalAccessToken, codes, refreshes, personalAccessTokens)
	}
}

func TestAccessTokenOutputs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(resource.TestStep{
		Config: echoed(fmt.Sprintf("callback_url = %q\nstate = \"xyz\"", w.landing("xyz"))),
		ConfigStateChecks: []statecheck.StateCheck{
			output("access_token", knownvalue.StringRegexp(regexp.MustCompile(`^eyJ[!-~]+$`))),
			output("authorization_header", knownvalue.StringRegexp(regexp.MustCompile(`^Bearer eyJ[!-~]+$`))),
			output("token_type", knownvalue.StringExact("Bearer")),
			output("refresh_token", knownvalue.StringRegexp(regexp.MustCompile(`^eyJ[!-~]+$`))),
			output("expires_in", knownvalue.Int64Func(func(seconds int64) error {
				if seconds < 3000 || seconds > 3600 {
					return fmt.Errorf("%d seconds", seconds)
				}
				return nil
			})),
			output("expires_at", knownvalue.StringFunc(func(text string) error {
				expiry, err := time.Parse("2006-01-02T15:04:05Z", text)
				if left := time.Until(expiry); err == nil && (left < 50*time.Minute || left > time.Hour) {
					return fmt.Errorf("%s left", left)
				}
				return err
			})),
			output("scope", knownvalue.StringExact(standin.Scope)),
			output("scopes", knownvalue.SetExact(strings2checks(strings.Fields(standin.Scope)))),
			output("principal", knownvalue.StringExact(standin.Principal)),
			output("state", knownvalue.StringExact("xyz")),
			output("client_id", knownvalue.Null()),
		},
	})
	w.expectRequests(1, 0, 0)
}

func strings2checks(texts []string) (checks []knownvalue.Check) {
	for _, text := range texts {
		checks = append(checks, knownvalue.StringExact(text))
	}
	return checks
}

func TestAccessTokenFromEachGrant(t *testing.T) {
	t.Parallel()
	const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	for name, test := range map[string]struct {
		arguments                              func(*world) string
		codes, refreshes, personalAccessTokens int
	}{
		"code with PKCE": {func(w *world) string {
			return fmt.Sprintf("code = %q\ncode_verifier = %q", w.server.IssueCode(standin.CodeRequest{
				CodeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
			}), verifier)
		}, 1, 0, 0},
		"refresh token of the provider": {func(w *world) string {
			w.set("GOTO_REFRESH_TOKEN", w.server.IssueRefreshToken())
			return ""
		}, 0, 1, 0},
		"personal access token of the provider": {func(w *world) string {
			w.set("GOTO_PERSONAL_ACCESS_TOKEN", w.server.IssuePersonalAccessToken())
			return ""
		}, 0, 0, 1},
		"own grant before the provider's": {func(w *world) string {
			w.set("GOTO_REFRESH_TOKEN", "of the environment", "GOTO_PROFILE", "ada")
			return fmt.Sprintf("personal_access_token = %q", w.server.IssuePersonalAccessToken())
		}, 0, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.run(resource.TestStep{Config: echoed(test.arguments(w))})
			w.expectRequests(test.codes, test.refreshes, test.personalAccessTokens)
		})
	}
}

// A grant in the provider's configuration overrides every kind of grant in the environment.
func TestAccessTokenConfigurationOverridesEnvironment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set("GOTO_PERSONAL_ACCESS_TOKEN", "of the environment", "GOTO_REFRESH_TOKEN", "of the environment")
	w.run(resource.TestStep{
		Config: fmt.Sprintf("provider \"goto\" {\n  refresh_token = %q\n}\n", w.server.IssueRefreshToken()) + echoed(""),
	})
	w.expectRequests(0, 1, 0)
}

func TestAccessTokenWithItsOwnClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set("GOTO_CLIENT_ID", "another", "GOTO_CLIENT_SECRET", "another")
	w.run(resource.TestStep{Config: echoed(fmt.Sprintf(
		"client_id = %q\nclient_secret = %q\nrefresh_token = %q", standin.ClientID, standin.ClientSecret, w.server.IssueRefreshToken()))})
	w.expectRequests(0, 1, 0)
}

func TestAccessTokenRefusesInvalidArguments(t *testing.T) {
	t.Parallel()
	landing := standin.RedirectURI + "?code=abc&state=xyz"
	for name, test := range map[string]struct{ arguments, message string }{
		"two grants":                  {"code = \"abc\"\nrefresh_token = \"def\"", `Conflicting arguments … Set only one of code and refresh_token: a token comes from only one of them.`},
		"three grants":                {"code = \"abc\"\nstate = \"x\"\npersonal_access_token = \"def\"\ncallback_url = \"" + landing + "\"", `Set only one of code, callback_url and personal_access_token: a token comes from only one of them.`},
		"no grant":                    {"", `There is no credential to obtain a token with. Set one of callback_url, code, refresh_token or personal_access_token,`},
		"empty code":                  {`code = ""`, `Invalid code … It is an empty string;`},
		"empty callback":              {`callback_url = ""`, `Invalid callback_url … It is an empty string;`},
		"empty refresh token":         {`refresh_token = ""`, `Invalid refresh_token … It is an empty string;`},
		"empty personal access token": {`personal_access_token = ""`, `Invalid personal_access_token … It is an empty string;`},
		"empty profile":               {`profile = ""`, `Invalid profile … It is an empty string;`},
		"address as code":             {"code = \"" + landing + "\"", `This is an address or a part of one: set`},
		"code as address":             {`callback_url = "abc"`, `This is not an address: paste the whole address`},
		"authorize URL as address":    {`callback_url = "https://authentication.logmeininc.com/oauth/authorize?response_type=code&client_id=x"`, `This is the address that starts the sign-in`},
		"denied":                      {"callback_url = \"" + standin.RedirectURI + "?error=access_denied&error_description=The%20user%20said%20no\"", `GoTo reports that access was not allowed: access_denied (The user said no). Open the authorize URL again, sign in as`},
		"another state":               {"callback_url = \"" + landing + "\"\nstate = \"abc\"", `Its state differs from`},
		"no state":                    {"callback_url = \"" + standin.RedirectURI + "?code=abc\"\nstate = \"abc\"", `Its state differs from`},
		"another redirect URI":        {`callback_url = "https://example.org/?code=abc"`, `It does not start with`},
		"no duration":                 {"refresh_token = \"abc\"\nmin_validity = \"soon\"", "Invalid min_validity … `soon` is not a duration like `30s` or `1m`."},
		"no positive duration":        {"refresh_token = \"abc\"\nmin_validity = \"-5m\"", "Invalid min_validity … `-5m` is not a positive duration."},
		"profile of a pat":            {"personal_access_token = \"abc\"\nprofile = \"ada\"", `Set only one of personal_access_token and profile: a personal access token needs no stored login.`},
		"short verifier":              {"code = \"abc\"\ncode_verifier = \"def\"", `A code verifier has 43 to 128 characters`},
		"state with a code":           {"code = \"abc\"\nstate = \"def\"", `Set only one of state and code: state belongs to callback_url.`},
		"verifier with a token":       {"refresh_token = \"abc\"\ncode_verifier = \"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk\"", `Set only one of code_verifier and refresh_token: code_verifier belongs to a code.`},
		"no required scopes":          {"refresh_token = \"abc\"\nrequired_scopes = []", `Attribute required_scopes set must contain at least 1 elements`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newWorld(t).refuses("goto_access_token", test.arguments, test.message)
		})
	}
	for _, argument := range []string{"client_id", "client_secret"} {
		t.Run("no "+argument, func(t *testing.T) {
			t.Parallel()
			newWorld(t).set("GOTO_"+strings.ToUpper(argument), "").
				refuses("goto_access_token", `refresh_token = "abc"`, "Missing "+argument)
		})
	}
	t.Run("cache off", func(t *testing.T) {
		t.Parallel()
		newWorld(t).set("GOTO_TOKEN_CACHE", "off").
			refuses("goto_access_token", `code = "abc"`, `An authorization code needs the token cache`)
	})
}

func TestAccessTokenRequiredScopes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.server.IssuePersonalAccessToken()
	w.run(
		resource.TestStep{Config: echoed(fmt.Sprintf("personal_access_token = %q\nrequired_scopes = [\"collab:\"]", token))},
		resource.TestStep{
			Config:      echoed(fmt.Sprintf("personal_access_token = %q\nrequired_scopes = [\"collab:\", \"webinar:\", \"fax.v1\"]", token)),
			ExpectError: words("The token lacks required scopes"),
		},
		resource.TestStep{
			Config:      echoed(fmt.Sprintf("personal_access_token = %q\nrequired_scopes = [\"collab:\", \"webinar:\", \"fax.v1\"]", token)),
			ExpectError: words("Missing: fax.v1, webinar:. The token has: " + strings.Join(strings.Fields(standin.Scope), ", ")),
		},
		// The destroy at the end opens the token again.
		resource.TestStep{Config: echoed(fmt.Sprintf("personal_access_token = %q", token))},
	)
	w.expectRequests(0, 0, 1)
}

// Errors about refusals name the cause, the remedy, and the argument at fault, and contain no secret.
func TestAccessTokenErrorsNameCauseAndRemedy(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arguments func(*world) string
		message   string
	}{
		"code that was used": {func(*world) string {
			return fmt.Sprintf("code = %q", "used-"+strings.Repeat("x", 50))
		}, `Code not accepted … A code works only once, and only for 10 minutes … or copied only in part … To sign in, open this address`},
		"address cut by a shell": {func(w *world) string {
			code := w.server.IssueCode(standin.CodeRequest{CodeChallenge: strings.Repeat("x", 43)})
			return fmt.Sprintf("callback_url = %q", standin.RedirectURI+"?code="+code)
		}, `Code not accepted … The address has no state=. If the address that you opened has one, the shell cut the pasted address off at its first &`},
		"wrong secret of a sign-in": {func(w *world) string {
			return fmt.Sprintf("client_secret = \"wrong\"\ncallback_url = %q", w.landing("xyz"))
		}, `Wrong client secret … Then remove callback_url and plan again`},
		"another redirect URI": {func(w *world) string {
			return fmt.Sprintf("redirect_uri = \"https://example.org/\"\ncode = %q", w.server.IssueCode(standin.CodeRequest{}))
		}, `Code not accepted … redirect_uri must be exactly the one in the authorize URL (sent: https://example.org/)`},
		"wrong secret": {func(w *world) string {
			return fmt.Sprintf("client_secret = \"wrong\"\nrefresh_token = %q", w.server.IssueRefreshToken())
		}, `Wrong client secret … Copy it again, complete and unencoded`},
		"unknown client": {func(w *world) string {
			return fmt.Sprintf("client_id = \"nobody\"\nrefresh_token = %q", w.server.IssueRefreshToken())
		}, `Unknown OAuth client … invalid_client (client not found) … GoTo does not know the OAuth client "nobody"`},
		"dead refresh token": {func(w *world) string {
			token := w.server.IssueRefreshToken()
			w.server.RevokeAll()
			return fmt.Sprintf("refresh_token = %q", token)
		}, `Refresh token not accepted … Set the current refresh token, or sign in again.`},
		"bad personal access token": {func(*world) string {
			return `personal_access_token = "abc"`
		}, `Personal access token not accepted … Create a new one in your GoTo account`},
		"personal access tokens switched off": {func(w *world) string {
			w.server.Configure(func(b *standin.Behavior) { b.PersonalAccessTokenDisabled = true })
			return fmt.Sprintf("personal_access_token = %q", w.server.IssuePersonalAccessToken())
		}, `Grant type not enabled … Turn on "Personal Access Token" under "Grant types"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.says("goto_access_token", test.arguments(w), test.message)
		})
	}
}

// If a refresh token that came with a code fails, the error must not blame the code.
func TestAccessTokenFailedRefreshDoesNotBlameTheCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t).set("GOTO_MAX_RETRIES", "0")
	broken := func(isBroken bool) func() {
		return func() {
			w.later.Add(int64(time.Minute)) // failures are cached for a few seconds
			w.server.Configure(func(b *standin.Behavior) {
				b.Intercept = func(rw http.ResponseWriter, _ *http.Request) bool {
					if isBroken {
						rw.WriteHeader(http.StatusBadGateway)
					}
					return isBroken
				}
			})
		}
	}
	configuration := echoed(fmt.Sprintf("code = %q\nrevoke_on_close = true", w.server.IssueCode(standin.CodeRequest{})))
	w.run(
		resource.TestStep{Config: configuration},
		resource.TestStep{
			PreConfig: broken(true), Config: configuration,
			ExpectError: words("GoTo is unavailable … Getting a token with the refresh token that came with the code in code failed."),
		},
		resource.TestStep{PreConfig: broken(false), Config: configuration},
	)
}
