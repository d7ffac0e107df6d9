package provider

import (
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/redact"
)

// warning turns a warning of the engine into a diagnostic.
func (t tokenRequest) warning(warning engine.Warning) diag.Diagnostic {
	switch w := warning.(type) {
	case engine.ExpiringLoginWarning:
		return diag.NewWarningDiagnostic("Login ends soon", t.expiring(w))
	case engine.ShortTokenWarning:
		return diag.NewAttributeWarningDiagnostic(path.Root("min_validity"), "Access token expires sooner than min_validity",
			fmt.Sprintf("The token is valid for %s, but min_validity asks for %s. GoTo does not issue longer-lived tokens, and refuses this one after that time. Shorten the run, or lower min_validity.",
				formatDuration(w.Left), formatDuration(t.MinValidity)))
	case engine.UnreadableWarning:
		return diag.NewWarningDiagnostic("Stored login ignored",
			redact.Capitalized(w.Err.Error())+". This run continues as if nothing were stored. The warning disappears once the login is stored again.")
	case engine.NotStoredWarning:
		return diag.NewWarningDiagnostic("New token could not be stored", t.notStored(w))
	case engine.ProfileNotStoredWarning:
		return diag.NewAttributeWarningDiagnostic(path.Root("profile"), "Profile not stored",
			fmt.Sprintf("The login is stored, but not under the profile %q: %s. Fix the token cache and plan again with the same credential.", t.Profile, w.Err))
	case engine.ProfileMovedWarning:
		return diag.NewAttributeWarningDiagnostic(path.Root("profile"), "Profile switched to another person",
			fmt.Sprintf("The profile %q named the login of %s. It now names the login of %s, because %s is set together with it. If you did not intend this, use different profiles for the two people, and sign in again as the first.",
				t.Profile, principal(w.From), principal(w.To), t.profileCredential()))
	case engine.ProfileKeptWarning:
		return diag.NewAttributeWarningDiagnostic(path.Root("profile"), "Profile not changed",
			fmt.Sprintf("This token belongs to %s, from a login that began %s. The profile %q keeps the login of %s, which began later, %s. Remove %s if it is left over, or sign in again.",
				principal(w.Offered), formatDate(w.Offered.SignedInAt), t.Profile, principal(w.Held), formatDate(w.Held.SignedInAt), t.profileCredential()))
	case engine.ReplacedWarning:
		return diag.NewWarningDiagnostic("Refresh token replaced while the token cache is off",
			"GoTo has replaced the refresh token, and the one "+t.grantSource(oauth.RefreshToken)+" may no longer be accepted, even by the next step of this run. "+
				"With token_cache = \"off\", the new one is only in the attribute next_refresh_token. Store it where the credential comes from, or turn the token cache on.")
	}
	return diag.NewWarningDiagnostic("Unexpected warning", fmt.Sprintf("Got %T. This is a bug in the provider; please report it.", warning))
}

func (t tokenRequest) expiring(warning engine.ExpiringLoginWarning) string {
	text := fmt.Sprintf("The refresh token %s ends on %s, and GoTo has not replaced it. After that, no tokens can be obtained with it.\n\n",
		t.grantSource(oauth.RefreshToken), warning.At.Format("January 2, 2006 at 15:04 UTC"))
	if t.Grant.Type == oauth.RefreshToken && t.Profile == "" {
		return text + "Set a new refresh token before that date. " + t.signIn()
	}
	return text + "Sign in again before that date. " + t.signIn()
}

func (t tokenRequest) notStored(warning engine.NotStoredWarning) string {
	text := "GoTo has answered and this run has its token, but the token could not be stored: " + warning.Err.Error() + ". Fix the token cache now. "
	if warning.Grant == oauth.PersonalAccessToken {
		return text + "Until then, every run requests a new token."
	}
	if warning.Grant == oauth.AuthorizationCode {
		return text + "The code is used up, so the next step of this run, or the next run, will fail. " + t.signIn()
	}
	return text + "If GoTo has replaced the refresh token, it may no longer accept the old one. Someone then has to sign in again, " +
		"unless you store this run's attribute next_refresh_token where the credential comes from. " + t.signIn()
}

// profileCredential names the credential that is set together with the profile.
func (t tokenRequest) profileCredential() string {
	if t.grantArgument != "" {
		return t.grantArgument
	}
	return fmt.Sprintf("the provider's %s (or %s)", t.Grant.Type, variable(string(t.Grant.Type)))
}

func principal(login engine.Login) string {
	if login.Principal == "" {
		return "a person that GoTo did not name"
	}
	return login.Principal
}

func formatDate(at time.Time) string {
	if at.IsZero() {
		return "before this version of the provider"
	}
	return at.UTC().Format("on January 2, 2006 at 15:04:05 UTC")
}
