package provider

import (
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
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// tokenRequest is what the engine is asked for by one goto_access_token, with what is needed to
// talk about it.
type tokenRequest struct {
	engine.Request
	server oauth.Server
	// grantArgument is the argument that holds the grant, empty when the provider's is used.
	grantArgument string
	// silenced are sentences about credentials that are there and not used, because a profile is named.
	silenced []string
	// byProvider tells that a data source asks, and no goto_access_token.
	byProvider   bool
	state        string
	codeVerifier secret.Value
	// show returns the sign-in that the person is told about, and whether this run has told of it already.
	show func() (pending engine.SignIn, shown bool, err error)
	// interactive tells whether interactive_login is on, signedIn whether the person has just signed in through it.
	interactive, signedIn bool
}

// newTokenRequest fills what model leaves out from the provider. Its diagnostics are about what
// cannot be sent.
func newTokenRequest(ctx context.Context, s *settings, model accessTokenModel) (t tokenRequest, diags diag.Diagnostics) {
	t = tokenRequest{
		interactive: s.signIn != nil,
		Request: engine.Request{
			Client: oauth.Client{
				ID:          or(model.ClientID, s.client.ID),
				Secret:      secret.New(or(model.ClientSecret, s.client.Secret.Reveal())),
				RedirectURI: or(model.RedirectURI, s.client.RedirectURI),
			},
			Profile:     model.Profile.ValueString(),
			MinValidity: defaultMinValidity,
			Private:     model.RevokeOnClose.ValueBool(),
		},
		server:       s.server,
		state:        model.State.ValueString(),
		codeVerifier: secret.New(model.CodeVerifier.ValueString()),
	}
	t.show = func() (engine.SignIn, bool, error) {
		return s.engine.ShowSignIn(context.WithoutCancel(ctx), t.Client, t.Profile, s.pkce)
	}
	if !model.MinValidity.IsNull() {
		var err error
		if t.MinValidity, err = time.ParseDuration(model.MinValidity.ValueString()); err != nil {
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
	case !model.Code.IsNull():
		t.use("code", oauth.AuthorizationCode, secret.New(model.Code.ValueString()))
	case !model.CallbackURL.IsNull():
		callback := oauth.Callback{RedirectURI: t.Client.RedirectURI, State: t.state}
		answer, err := callback.Answer(model.CallbackURL.ValueString())
		if err != nil {
			diags.AddAttributeError(path.Root("callback_url"), "Unusable callback_url", capitalized(err.Error())+".")
		}
		t.use("callback_url", oauth.AuthorizationCode, answer.Code)
		t.State = answer.State
	case !model.RefreshToken.IsNull():
		t.use("refresh_token", oauth.RefreshToken, secret.New(model.RefreshToken.ValueString()))
	case !model.PersonalAccessToken.IsNull():
		t.use("personal_access_token", oauth.PersonalAccessToken, secret.New(model.PersonalAccessToken.ValueString()))
	case t.Profile == "":
		t.Grant, t.Profile = s.grant, s.profile
		for _, argument := range s.silenced {
			t.silence(variable(argument), argument, "the configuration of the provider")
		}
	case s.grant.Type != "":
		// A profile is changed only by a credential that stands beside it.
		t.silence(fmt.Sprintf("the provider's %s (or %s)", s.grant.Type, variable(string(s.grant.Type))), string(s.grant.Type), "this block")
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

// silence notes a credential that is not used because a profile is named in place.
func (t *tokenRequest) silence(source, argument, place string) {
	remedy := fmt.Sprintf("To keep its login under the profile, give it as %s beside profile, at the provider or in a goto_access_token.", argument)
	if argument == string(oauth.PersonalAccessToken) {
		remedy = "To use it, leave profile out: a personal access token keeps no login."
	}
	t.silenced = append(t.silenced, capitalized(source)+" is set and ignored, because "+place+" names a profile. "+remedy)
}

// checkScopes compares required_scopes with the scopes of the token, as sent.
func (t tokenRequest) checkScopes(ctx context.Context, required types.Set, granted string) (diags diag.Diagnostics) {
	var scopes []string
	diags.Append(required.ElementsAs(ctx, &scopes, false)...)
	if len(scopes) == 0 {
		return diags
	}
	if granted == "" {
		diags.AddAttributeWarning(path.Root("required_scopes"), "Scopes could not be checked",
			"GoTo did not say which scopes the token has. The run goes on, and an API whose scope is missing will refuse the token.")
		return diags
	}
	present := strings.Fields(granted)
	missing := slices.DeleteFunc(scopes, func(scope string) bool { return slices.Contains(present, scope) })
	if len(missing) > 0 {
		slices.Sort(missing)
		var remedy string
		if t.Grant.Type != oauth.PersonalAccessToken {
			remedy = "Give the OAuth client these scopes on its page at " + clientsPage + ", and check that the authorize URL did not ask for fewer. " + t.signIn()
		} else {
			remedy = "Create a personal access token with these scopes in your GoTo account. They must be scopes of the OAuth client as well, see " + clientsPage + "."
		}
		diags.AddAttributeError(path.Root("required_scopes"), "The token lacks required scopes",
			"Missing: "+strings.Join(missing, ", ")+". The token has: "+strings.Join(present, ", ")+".\n\n"+remedy)
	}
	return diags
}

// or returns the text of value, or otherwise where there is none.
func or(value types.String, otherwise string) string {
	if value.IsNull() {
		return otherwise
	}
	return value.ValueString()
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

// left rounds a duration for people.
func left(duration time.Duration) string { return max(duration, 0).Round(time.Second).String() }
