package provider_test

import (
	"net/url"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

const authorizeURL = "data.goto_authorize_url.test"

func TestAuthorizeURLFromProvider(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(resource.TestStep{
		Config: `data "goto_authorize_url" "test" {}`,
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(authorizeURL, tfjsonpath.New("client_id"), knownvalue.StringExact(standin.ClientID)),
			statecheck.ExpectKnownValue(authorizeURL, tfjsonpath.New("redirect_uri"), knownvalue.StringExact(standin.RedirectURI)),
			statecheck.ExpectKnownValue(authorizeURL, tfjsonpath.New("url"), knownvalue.StringExact(
				w.server.URL+"/oauth/authorize?client_id="+standin.ClientID+"&redirect_uri="+url.QueryEscape(standin.RedirectURI)+"&response_type=code")),
		},
	})
}

func TestAuthorizeURLFromItsOwnArguments(t *testing.T) {
	t.Parallel()
	newWorld(t).set("GOTO_AUTHENTICATION_URL", "", "GOTO_REDIRECT_URI", "").run(
		resource.TestStep{
			Config: `data "goto_authorize_url" "test" {
  client_id      = "own"
  redirect_uri   = "https://example.com"
  scopes         = ["b", "a"]
  state          = "a & b"
  code_challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
}`,
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(authorizeURL, tfjsonpath.New("url"), knownvalue.StringExact(
					"https://authentication.logmeininc.com/oauth/authorize?client_id=own&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&redirect_uri=https%3A%2F%2Fexample.com&response_type=code&scope=a%20b&state=a%20%26%20b")),
			},
		},
		resource.TestStep{
			Config: `data "goto_authorize_url" "test" { client_id = "own" }`,
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(authorizeURL, tfjsonpath.New("redirect_uri"), knownvalue.Null()),
				statecheck.ExpectKnownValue(authorizeURL, tfjsonpath.New("url"), knownvalue.StringExact(
					"https://authentication.logmeininc.com/oauth/authorize?client_id=own&response_type=code")),
			},
		},
	)
}

func TestAuthorizeURLRefusesInvalidArguments(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ arguments, message string }{
		"no scopes":            {`scopes = []`, `Attribute scopes set must contain at least 1 elements`},
		"scopes in one":        {`scopes = ["a b"]`, `"a b" is not a scope: a scope is one word`},
		"plain challenge":      {`code_challenge = "verifier"`, `An S256 code challenge is 43 characters of unpadded base64url`},
		"empty state":          {`state = ""`, `Invalid state … It is an empty string`},
		"relative redirect":    {`redirect_uri = "/callback"`, `Invalid redirect_uri … It is not an absolute URI`},
		"client ID with space": {`client_id = " id"`, `Invalid client_id … It starts or ends with white space`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newWorld(t).refuses("goto_authorize_url", test.arguments, test.message)
		})
	}
	t.Run("no client", func(t *testing.T) {
		t.Parallel()
		newWorld(t).set("GOTO_CLIENT_ID", "").refuses("goto_authorize_url", "", `Missing client_id`)
	})
}
