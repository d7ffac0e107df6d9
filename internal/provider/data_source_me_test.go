package provider_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

const useMe = `data "goto_me" "test" {}`

func me(attribute string, expected knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue("data.goto_me.test", tfjsonpath.New(attribute), expected)
}

func newWorldWithToken(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	return w.set("GOTO_API_URL", w.server.URL, "GOTO_PERSONAL_ACCESS_TOKEN", w.server.IssuePersonalAccessToken())
}

func TestMe(t *testing.T) {
	t.Parallel()
	w := newWorldWithToken(t)
	roles := knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("SUPER_USER")})
	w.run(resource.TestStep{
		Config: useMe + echoed(""),
		ConfigStateChecks: []statecheck.StateCheck{
			me("source", knownvalue.StringExact("admin")),
			me("key", knownvalue.StringExact(standin.UserKey)),
			me("account_key", knownvalue.StringExact(standin.AccountKey)),
			me("email", knownvalue.StringExact(standin.Principal)),
			me("first_name", knownvalue.StringExact("Ada")),
			me("last_name", knownvalue.StringExact("Lovelace")),
			me("locale", knownvalue.StringExact("en_US")),
			me("admin_roles", roles),
			me("accounts", knownvalue.ListExact([]knownvalue.Check{
				knownvalue.ObjectExact(map[string]knownvalue.Check{
					"key": knownvalue.StringExact(standin.AccountKey), "name": knownvalue.StringExact("Analytical Engines"), "admin_roles": roles,
				}),
				knownvalue.ObjectExact(map[string]knownvalue.Check{
					"key": knownvalue.StringExact(standin.OtherAccountKey), "name": knownvalue.StringExact("Difference Engines"), "admin_roles": knownvalue.ListExact(nil),
				}),
			})),
			me("products", knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("G2M"), knownvalue.StringExact("G2W")})),
			me("created_at", knownvalue.StringExact("2016-05-04T15:17:08Z")),
		},
	})
	w.expectRequests(0, 0, 1)
}

// A client without Admin Center gets the attributes that SCIM has, without a refresh of the token.
func TestMeFromSCIM(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set("GOTO_API_URL", w.server.URL, "GOTO_REFRESH_TOKEN", w.server.IssueRefreshTokenFor(standin.Login{Scope: standin.ProfileScope}))
	account := func(key, name string) knownvalue.Check {
		return knownvalue.ObjectExact(map[string]knownvalue.Check{
			"key": knownvalue.StringExact(key), "name": knownvalue.StringExact(name), "admin_roles": knownvalue.Null(),
		})
	}
	w.run(resource.TestStep{
		Config: useMe,
		ConfigStateChecks: []statecheck.StateCheck{
			me("source", knownvalue.StringExact("scim")),
			me("key", knownvalue.StringExact(standin.UserKey)),
			me("account_key", knownvalue.Null()),
			me("email", knownvalue.StringExact(standin.Principal)),
			me("first_name", knownvalue.StringExact("Ada")),
			me("last_name", knownvalue.StringExact("Lovelace")),
			me("locale", knownvalue.StringExact("en_US")),
			me("accounts", knownvalue.ListExact([]knownvalue.Check{
				account(standin.AccountKey, "Analytical Engines"), account(standin.OtherAccountKey, "Difference Engines"),
			})),
			me("admin_roles", knownvalue.Null()),
			me("products", knownvalue.Null()),
			me("created_at", knownvalue.Null()),
		},
	})
	w.expectRequests(0, 1, 0)
}

// Each profile gets its own answer, regardless of the provider's credential.
func TestMeOfEachProfile(t *testing.T) {
	t.Parallel()
	w := newWorldWithToken(t)
	var signIn, ask string
	var checks []statecheck.StateCheck
	for _, name := range []string{"ada", "grace"} {
		person := name + "@example.com"
		signIn += fmt.Sprintf("ephemeral \"goto_access_token\" %[1]q {\n  code    = %[2]q\n  profile = %[1]q\n}\n",
			name, w.server.IssueCode(standin.CodeRequest{Principal: person}))
		ask += fmt.Sprintf("data \"goto_me\" %[1]q {\n  profile = %[1]q\n}\n", name)
		checks = append(checks, statecheck.ExpectKnownValue("data.goto_me."+name, tfjsonpath.New("email"), knownvalue.StringExact(person)))
	}
	w.run(
		resource.TestStep{Config: ask, ExpectError: words(`No login is stored under the profile "grace"`)},
		resource.TestStep{Config: signIn},
		resource.TestStep{Config: ask, ConfigStateChecks: checks},
	)
	w.expectRequests(2, 0, 0)
}

func TestMeWithMissingAttributes(t *testing.T) {
	t.Parallel()
	w := newWorldWithToken(t)
	w.server.Configure(func(b *standin.Behavior) {
		b.Intercept = answerMe(http.StatusOK, `{"key":123456789012345678,"email":"bob@example.com","surprise":[1]}`)
	})
	w.run(resource.TestStep{
		Config: useMe,
		ConfigStateChecks: []statecheck.StateCheck{
			me("key", knownvalue.StringExact("123456789012345678")),
			me("email", knownvalue.StringExact("bob@example.com")),
			me("account_key", knownvalue.Null()),
			me("first_name", knownvalue.Null()),
			me("admin_roles", knownvalue.Null()),
			me("accounts", knownvalue.Null()),
			me("products", knownvalue.Null()),
			me("created_at", knownvalue.Null()),
		},
	})
}

// answerMe answers GET Me and leaves token requests to the stand-in.
func answerMe(status int, body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, err := fmt.Fprint(w, body)
		return err == nil
	}
}

// Both APIs refuse a token that ended early. The token is refreshed once, and the call is repeated.
func TestMeRefreshesAnExpiredToken(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"401":                   answerMe(http.StatusUnauthorized, `{"errorCode":"not.authenticated","msg":"no"}`),
		"403 with InvalidToken": answerMe(http.StatusForbidden, `{"int_err_code":"InvalidToken","msg":"Invalid token passed"}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldWithToken(t)
			var refused string
			w.server.Configure(func(b *standin.Behavior) {
				b.Intercept = func(rw http.ResponseWriter, r *http.Request) bool {
					token := r.Header.Get("Authorization")
					if r.Method == http.MethodGet && (refused == "" || refused == token) {
						refused = token
						return refusal(rw, r)
					}
					return false
				}
			})
			w.run(resource.TestStep{
				Config:            useMe,
				ConfigStateChecks: []statecheck.StateCheck{me("key", knownvalue.StringExact(standin.UserKey))},
			})
			w.expectRequests(0, 0, 2)
		})
	}
}

func TestMeFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status  int
		body    string
		message string
	}{
		"no scope":     {http.StatusUnauthorized, `{"errorCode":"not.authenticated","msg":"no"}`, "401 Unauthorized: not.authenticated (no). The token is valid, so it most likely lacks a scope. The Admin API requires the scope Admin Center (`identity:`), and SCIM requires only Profile (`identity:scim.me`)."},
		"not allowed":  {http.StatusForbidden, `{"errorCode":"AUTHZ_INSUFFICIENT_SCOPE","message":"no"}`, "If the client has the scope already, the person who signed in may not be allowed to use these APIs."},
		"wrong base":   {http.StatusNotFound, `<html>`, "404 Not Found: a web page instead of a reply, probably from a gateway or proxy. Check api_url (GOTO_API_URL);"},
		"trouble":      {http.StatusBadGateway, `<html>`, "502 Bad Gateway: a web page instead of a reply, probably from a gateway or proxy. Plan again later."},
		"too many":     {http.StatusTooManyRequests, ``, "429 Too Many Requests: an empty reply. Plan again later."},
		"no JSON":      {http.StatusOK, `<html>`, "the reply is not the JSON object that is documented for GET Me."},
		"another JSON": {http.StatusOK, `[]`, "the reply is not the JSON object that is documented for GET Me."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldWithToken(t)
			w.set("GOTO_MAX_RETRIES", "0")
			w.server.Configure(func(b *standin.Behavior) { b.Intercept = answerMe(test.status, test.body) })
			w.says("goto_me", "", test.message)
		})
	}
	t.Run("no credential", func(t *testing.T) {
		t.Parallel()
		newWorld(t).refuses("goto_me", "", "goto_me has no profile, and the provider has neither a profile nor a credential.")
	})
}
