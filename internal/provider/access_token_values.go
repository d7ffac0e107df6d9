package provider

import (
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
)

// accessTokenArguments are the arguments of a goto_access_token. Those that are not set are empty, because the
// validators refuse empty strings and sets.
//
// The framework fills a struct by reflection, which takes a fifth of the provider's processor time and 40 % of its
// allocations in an apply of many blocks. So [readAccessToken] and [setLogin] name every attribute instead.
type accessTokenArguments struct {
	unprintable

	clientID, clientSecret, redirectURI        string
	code, codeVerifier, callbackURL, state     string
	refreshToken, personalAccessToken, profile string
	minValidity                                string
	requiredScopes                             []string
	revokeOnClose                              bool
}

// readAccessToken reads the arguments among the attributes of a goto_access_token.
func readAccessToken(attributes map[string]tftypes.Value) (a accessTokenArguments, diags diag.Diagnostics) {
	var scopes []tftypes.Value
	for name, argument := range map[string]any{
		"client_id": &a.clientID, "client_secret": &a.clientSecret, "redirect_uri": &a.redirectURI,
		"code": &a.code, "code_verifier": &a.codeVerifier, "callback_url": &a.callbackURL, "state": &a.state,
		"refresh_token": &a.refreshToken, "personal_access_token": &a.personalAccessToken, "profile": &a.profile,
		"min_validity": &a.minValidity, "required_scopes": &scopes, "revoke_on_close": &a.revokeOnClose,
	} {
		diags.Append(decode(attributes[name], argument)...)
	}
	a.requiredScopes = make([]string, len(scopes))
	for i, scope := range scopes {
		diags.Append(decode(scope, &a.requiredScopes[i])...)
	}
	return a, diags
}

// setLogin sets the attributes that come from login.
func setLogin(attributes map[string]tftypes.Value, login engine.Login, now time.Time) {
	text := func(text string) tftypes.Value {
		if text == "" {
			return tftypes.NewValue(tftypes.String, nil)
		}
		return tftypes.NewValue(tftypes.String, text)
	}
	attributes["access_token"] = text(login.AccessToken.Reveal())
	attributes["authorization_header"] = text("Bearer " + login.AccessToken.Reveal())
	attributes["token_type"] = text("Bearer")
	attributes["next_refresh_token"] = text(login.RefreshToken.Reveal())
	if attributes["refresh_token"].IsNull() {
		attributes["refresh_token"] = attributes["next_refresh_token"]
	}
	attributes["refresh_token_expires_at"] = text(timeOrNull(login.RefreshTokenExpiresAt).ValueString())
	attributes["expires_in"] = tftypes.NewValue(tftypes.Number, int64(max(login.ExpiresAt.Sub(now), 0)/time.Second))
	attributes["expires_at"] = text(timeOrNull(login.ExpiresAt).ValueString())
	attributes["scope"] = text(login.Scope)
	attributes["principal"] = text(login.Principal)
	scopes := []tftypes.Value{}
	for _, scope := range distinct(strings.Fields(login.Scope)) {
		scopes = append(scopes, text(scope))
	}
	attributes["scopes"] = tftypes.NewValue(attributes["scopes"].Type(), scopes)
}
