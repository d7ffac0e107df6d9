package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// ValidateConfig implements [provider.ProviderWithValidateConfig].
func (p *gotoProvider) ValidateConfig(_ context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	resp.Diagnostics.Append(checkExclusions(req.Config.Raw, providerExclusions)...)
}

// ValidateConfig implements [ephemeral.EphemeralResourceWithValidateConfig].
func (r *accessTokenEphemeralResource) ValidateConfig(_ context.Context, req ephemeral.ValidateConfigRequest, resp *ephemeral.ValidateConfigResponse) {
	resp.Diagnostics.Append(checkExclusions(req.Config.Raw, accessTokenExclusions)...)
}

// exclusion is a rule: at most one of the arguments may be set.
type exclusion struct {
	reason    string // a clause
	arguments []string
}

// Only the first broken rule is reported, so later rules may assume that there is at most one grant.
var (
	accessTokenExclusions = []exclusion{
		{"a token comes from only one of them", []string{"code", "callback_url", "refresh_token", "personal_access_token"}},
		{"state belongs to callback_url", []string{"state", "code", "refresh_token", "personal_access_token"}},
		{"code_verifier belongs to a code", []string{"code_verifier", "refresh_token", "personal_access_token"}},
		personalAccessTokenNeedsNoLogin,
	}
	providerExclusions = []exclusion{
		{"a token comes from only one of them", []string{"refresh_token", "personal_access_token"}},
		personalAccessTokenNeedsNoLogin,
	}
	personalAccessTokenNeedsNoLogin = exclusion{"a personal access token needs no stored login", []string{"personal_access_token", "profile"}}
)

// checkExclusions reports the first rule that config breaks. An argument that is not known yet may turn out to be
// absent, so it breaks no rule. One pass over the block is cheaper than a validator for each argument.
func checkExclusions(config tftypes.Value, rules []exclusion) diag.Diagnostics {
	values, diags := argumentsOf(config)
	for _, rule := range rules {
		var given []string
		for _, argument := range rule.arguments {
			if value := values[argument]; value.IsKnown() && !value.IsNull() {
				given = append(given, argument)
			}
		}
		if len(given) < 2 {
			continue
		}
		last := len(given) - 1
		diags.AddAttributeError(path.Root(given[0]), "Conflicting arguments",
			fmt.Sprintf("Set only one of %s and %s: %s.", strings.Join(given[:last], ", "), given[last], rule.reason))
		return diags
	}
	return diags
}
