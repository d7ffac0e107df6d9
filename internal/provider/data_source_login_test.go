package provider_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

func login(attribute string, expected knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue("data.goto_login.test", tfjsonpath.New(attribute), expected)
}

func TestLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set("GOTO_PROFILE", "main")
	const use = `
data "goto_login" "test" {}
output "login" {
  value = data.goto_login.test
}
`
	w.run(
		resource.TestStep{
			Config: use,
			ConfigStateChecks: []statecheck.StateCheck{
				login("profile", knownvalue.Null()),
				login("signed_in", knownvalue.Bool(false)),
				login("principal", knownvalue.Null()),
				login("scopes", knownvalue.SetSizeExact(0)),
				login("signed_in_at", knownvalue.Null()),
				login("refresh_token_expires_at", knownvalue.Null()),
				login("location", knownvalue.NotNull()),
			},
		},
		resource.TestStep{Config: echoed(fmt.Sprintf("code = %q\nprofile = \"main\"", w.server.IssueCode(standin.CodeRequest{})))},
		resource.TestStep{
			Config: use,
			ConfigStateChecks: []statecheck.StateCheck{
				login("signed_in", knownvalue.Bool(true)),
				login("principal", knownvalue.StringExact(standin.Principal)),
				login("scopes", knownvalue.SetExact(strings2checks([]string{"collab:", "identity:", "users.v1.lines.read"}))),
				login("signed_in_at", knownvalue.NotNull()),
				login("refresh_token_expires_at", knownvalue.NotNull()),
			},
		},
		resource.TestStep{ // a new access token changes nothing
			PreConfig:        func() { w.later.Store(int64(2 * time.Hour)) },
			Config:           use + `ephemeral "goto_access_token" "test" {}`,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		resource.TestStep{
			PreConfig: func() { w.later.Store(int64(31 * 24 * time.Hour)) },
			Config:    use,
			ConfigStateChecks: []statecheck.StateCheck{
				login("signed_in", knownvalue.Bool(false)),
				login("principal", knownvalue.StringExact(standin.Principal)),
			},
		},
	)
	w.expectRequests(1, 1, 0)
}

func TestLoginFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		environment []string
		message     string
	}{
		"no profile": {nil, `Missing profile … goto_login reads the login stored under a profile. Set a profile here, in the provider configuration or in the environment variable GOTO_PROFILE.`},
		"no client":  {[]string{"GOTO_CLIENT_SECRET", ""}, `Missing client_secret`},
		"cache off":  {[]string{"GOTO_PROFILE", "main", "GOTO_TOKEN_CACHE", "off"}, `Token cache is off`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newWorld(t).set(test.environment...).refuses("goto_login", "", test.message)
		})
	}
}
