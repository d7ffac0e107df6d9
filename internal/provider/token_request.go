package provider

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/redact"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// tokenRequest is the request of one goto_access_token to the engine, with the details that messages need.
type tokenRequest struct {
	engine.Request
	server oauth.Server
	// grantArgument is the argument that holds the grant, empty if the provider's grant is used.
	grantArgument string
	// ignored are sentences about credentials that are set but not used, because a profile is named.
	ignored []string
	// byProvider reports whether the request comes from goto_me, which has no grant of its own.
	byProvider   bool
	state        string
	codeVerifier secret.Value
	// show returns the sign-in to show to the person, and reports whether this run has shown it already.
	show func() (pending engine.SignIn, shown bool, err error)
	// interactive reports whether interactive_login is on, signedIn whether the person has just signed in through it.
	interactive, signedIn bool
}

// newTokenRequest completes arguments with the settings of the provider. Its diagnostics describe missing and invalid
// values.
func newTokenRequest(ctx context.Context, s *settings, arguments accessTokenArguments) (t tokenRequest, diags diag.Diagnostics) {
	t = tokenRequest{
		interactive: s.signIn != nil,
		Request: engine.Request{
			Client: oauth.Client{
				ID:          cmp.Or(arguments.clientID, s.client.ID),
				Secret:      secret.New(cmp.Or(arguments.clientSecret, s.client.Secret.Reveal())),
				RedirectURI: cmp.Or(arguments.redirectURI, s.client.RedirectURI),
			},
			Profile:     arguments.profile,
			MinValidity: defaultMinValidity,
			Private:     arguments.revokeOnClose,
		},
		server:       s.server,
		state:        arguments.state,
		codeVerifier: secret.New(arguments.codeVerifier),
	}
	t.show = func() (engine.SignIn, bool, error) {
		return s.engine.ShowSignIn(context.WithoutCancel(ctx), t.Client, t.Profile, s.pkce)
	}
	if arguments.minValidity != "" {
		var err error
		if t.MinValidity, err = time.ParseDuration(arguments.minValidity); err != nil {
			diags.Append(invalid(path.Root("min_validity"), err))
		}
	}
	if t.Client.ID == "" {
		diags.Append(missingClient("client_id"))
	}
	if t.Client.Secret.IsEmpty() {
		diags.Append(missingClient("client_secret"))
	}
	switch {
	case arguments.code != "":
		t.use("code", oauth.AuthorizationCode, secret.New(arguments.code))
	case arguments.callbackURL != "":
		callback := oauth.Callback{RedirectURI: t.Client.RedirectURI, State: t.state}
		answer, err := callback.Answer(arguments.callbackURL)
		if err != nil {
			diags.AddAttributeError(path.Root("callback_url"), "Unusable callback_url", redact.Capitalized(err.Error())+".")
		}
		t.use("callback_url", oauth.AuthorizationCode, answer.Code)
		t.State = answer.State
	case arguments.refreshToken != "":
		t.use("refresh_token", oauth.RefreshToken, secret.New(arguments.refreshToken))
	case arguments.personalAccessToken != "":
		t.use("personal_access_token", oauth.PersonalAccessToken, secret.New(arguments.personalAccessToken))
	case t.Profile == "":
		t.Grant, t.Profile = s.grant, s.profile
		for _, argument := range s.ignored {
			t.ignore(variable(argument), argument, "the provider configuration")
		}
	case s.grant.Type != "":
		// Only a credential that is given together with a profile changes it.
		t.ignore(fmt.Sprintf("the provider's %s (or %s)", s.grant.Type, variable(string(s.grant.Type))), string(s.grant.Type), "this block")
	}
	return t, diags
}

func (t *tokenRequest) use(argument string, grantType oauth.GrantType, credential secret.Value) {
	t.grantArgument = argument
	t.Grant = oauth.Grant{Type: grantType, Credential: credential}
	if grantType == oauth.AuthorizationCode {
		t.Grant.CodeVerifier = t.codeVerifier
	}
}

// ignore records a credential that is ignored because place names a profile.
func (t *tokenRequest) ignore(source, argument, place string) {
	remedy := fmt.Sprintf("To store its login under the profile, set %s in the same place as profile: in the provider configuration or in a goto_access_token.", argument)
	if argument == string(oauth.PersonalAccessToken) {
		remedy = "To use it, remove profile, because a personal access token needs no stored login."
	}
	t.ignored = append(t.ignored, redact.Capitalized(source)+" is set but ignored, because "+place+" names a profile. "+remedy)
}

// checkScopes compares required_scopes with the scopes of the token, as sent.
func (t tokenRequest) checkScopes(required []string, granted string) (diags diag.Diagnostics) {
	if len(required) == 0 {
		return diags
	}
	if granted == "" {
		diags.AddAttributeWarning(path.Root("required_scopes"), "Scopes could not be checked",
			"GoTo did not say which scopes the token has. The run continues, but if a scope is missing, the API that needs it will refuse the token.")
		return diags
	}
	present := strings.Fields(granted)
	missing := slices.DeleteFunc(slices.Clone(required), func(scope string) bool { return slices.Contains(present, scope) })
	if len(missing) > 0 {
		slices.Sort(missing)
		var remedy string
		if t.Grant.Type != oauth.PersonalAccessToken {
			remedy = "Add these scopes to the OAuth client on its page at " + clientsPage + ", and check that the authorize URL did not request fewer. "
			if t.interactive && t.Grant.Type == "" {
				remedy += "To sign in through the browser again, remove the stored login (goto_login shows its location) and plan again. Alternatively: "
			}
			remedy += t.signIn()
		} else {
			remedy = "Create a personal access token with these scopes in your GoTo account. The OAuth client must have them as well; see " + clientsPage + "."
		}
		diags.AddAttributeError(path.Root("required_scopes"), "The token lacks required scopes",
			"Missing: "+strings.Join(missing, ", ")+". The token has: "+strings.Join(present, ", ")+".\n\n"+remedy)
	}
	return diags
}

func stringOrNull(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}

func timeOrNull(at time.Time) timetypes.RFC3339 {
	if at.IsZero() {
		return timetypes.NewRFC3339Null()
	}
	return timetypes.NewRFC3339TimeValue(at.UTC().Truncate(time.Second))
}

func distinct(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}

// formatDuration formats a duration for a message, and never as negative.
func formatDuration(duration time.Duration) string {
	return max(duration, 0).Round(time.Second).String()
}
