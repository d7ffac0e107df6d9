package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A configuration gets a single message even if it breaks several rules. Unknown values break none.
func TestConflictingArgumentsGetOneError(t *testing.T) {
	t.Parallel()
	given, unknown := tftypes.NewValue(tftypes.String, "given"), tftypes.NewValue(tftypes.String, tftypes.UnknownValue)
	server := newServer(t, func(string) string { return "" })
	known := schemas(t, server)
	validators := map[string]func(map[string]tftypes.Value) ([]*tfprotov6.Diagnostic, error){
		"provider": func(values map[string]tftypes.Value) ([]*tfprotov6.Diagnostic, error) {
			resp, err := server.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: arguments(t, known.Provider, values)})
			return resp.Diagnostics, err
		},
		"block": func(values map[string]tftypes.Value) ([]*tfprotov6.Diagnostic, error) {
			resp, err := server.ValidateEphemeralResourceConfig(t.Context(), &tfprotov6.ValidateEphemeralResourceConfigRequest{
				TypeName: "goto_access_token", Config: arguments(t, known.EphemeralResourceSchemas["goto_access_token"], values),
			})
			return resp.Diagnostics, err
		},
	}
	for name, test := range map[string]struct {
		of     string
		values map[string]tftypes.Value
		want   string
	}{
		"all of the provider": {"provider", map[string]tftypes.Value{"refresh_token": given, "personal_access_token": given, "profile": given},
			"AttributeName(\"refresh_token\"): Conflicting arguments: Set only one of refresh_token and personal_access_token: a token comes from only one of them.\n"},
		"all of a block": {"block", map[string]tftypes.Value{"code": given, "state": given, "refresh_token": given, "personal_access_token": given, "profile": given},
			"AttributeName(\"code\"): Conflicting arguments: Set only one of code, refresh_token and personal_access_token: a token comes from only one of them.\n"},
		"unknown at the provider": {"provider", map[string]tftypes.Value{"refresh_token": unknown, "personal_access_token": given, "profile": unknown}, ""},
		"unknown in a block":      {"block", map[string]tftypes.Value{"code": unknown, "state": unknown, "code_verifier": unknown, "refresh_token": unknown, "personal_access_token": given, "profile": unknown}, ""},
	} {
		if diagnostics, err := validators[test.of](test.values); err != nil || diagnosticText(diagnostics) != test.want {
			t.Errorf("%s: %v\n got %s\nwant %s", name, err, diagnosticText(diagnostics), test.want)
		}
	}
}
