package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/redact"
)

// Every message says what was attempted, what came back and what to do next. No message contains a secret, because the
// errors that messages are built from contain none.

// clientsPage is where developers manage their OAuth clients (GoTo guide "How to create an OAuth client").
const clientsPage = "https://developer.logmeininc.com/clients"

// settingsFrom returns the settings from the provider's Configure, or nil during validation.
func settingsFrom(providerData any, diags *diag.Diagnostics) *settings {
	if providerData == nil {
		return nil
	}
	s, ok := providerData.(*settings)
	if !ok {
		diags.AddError("Unexpected provider data", fmt.Sprintf("Got %T. This is a bug in the provider; please report it.", providerData))
	}
	return s
}

// ready returns an error if Terraform reads or opens something before it has configured the provider (s is then nil),
// or with arguments that are not known yet, which would otherwise count as absent.
func ready(s *settings, config tftypes.Value) (diags diag.Diagnostics) {
	if s == nil {
		diags.AddError("Provider not configured", "The provider is not configured yet. This is a bug in Terraform or OpenTofu; please report it.")
	}
	if !config.IsFullyKnown() {
		diags.AddError("Arguments not known yet", "Some arguments are not known yet, but all are needed. This is a bug in Terraform or OpenTofu; please report it.")
	}
	return diags
}

// argumentsOf returns the arguments of a block by name.
func argumentsOf(config tftypes.Value) (arguments map[string]tftypes.Value, diags diag.Diagnostics) {
	diags = decode(config, &arguments)
	if config.IsNull() {
		diags.AddError("Unreadable configuration", "There is none. This is a bug in Terraform or OpenTofu; please report it.")
	}
	return arguments, diags
}

// decode sets target, a pointer to a type that [tftypes.Value.As] supports.
func decode(value tftypes.Value, target any) (diags diag.Diagnostics) {
	if err := value.As(target); err != nil {
		diags.AddError("Unreadable configuration", redact.Capitalized(err.Error())+". This is a bug in Terraform or OpenTofu; please report it.")
	}
	return diags
}

// name returns the name of the argument at a path, for a summary.
func name(at path.Path) string {
	if steps := at.Steps(); len(steps) > 0 {
		if attribute, ok := steps[0].(path.PathStepAttributeName); ok {
			return string(attribute)
		}
	}
	return at.String()
}

func missingClient(argument string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root(argument), "Missing "+argument,
		fmt.Sprintf("Set %[1]s here, in the provider configuration or in the environment variable %[2]s (an empty variable counts as not set). "+
			"Copy it from your OAuth client's page at "+clientsPage+".", argument, variable(argument)))
}

// grantSource returns a phrase that says where a credential of this type comes from.
func (t tokenRequest) grantSource(credential oauth.GrantType) string {
	switch {
	case t.signedIn:
		return "from the browser sign-in"
	case t.Grant.Type == oauth.AuthorizationCode && credential == oauth.RefreshToken:
		return "that came with the code in " + t.grantArgument
	case t.grantArgument != "":
		return "in " + t.grantArgument
	case t.Grant.Type == "":
		return fmt.Sprintf("stored under the profile %q", t.Profile)
	}
	return fmt.Sprintf("of the provider (%s or %s)", t.Grant.Type, variable(string(t.Grant.Type)))
}

// errorAt returns an error that points at argument, or without a path if argument is empty, as it is for an
// argument of the provider.
func (t tokenRequest) errorAt(argument, summary, detail string) diag.Diagnostic {
	if argument == "" {
		return diag.NewErrorDiagnostic(summary, detail)
	}
	return diag.NewAttributeErrorDiagnostic(path.Root(argument), summary, detail)
}
