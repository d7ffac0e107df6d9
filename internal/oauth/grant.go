package oauth

import (
	"net/url"

	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// GrantType is a kind of credential, as the grant_type parameter names it.
type GrantType string

const (
	// AuthorizationCode is the grant of RFC 6749 section 4.1. A code works for one request.
	AuthorizationCode GrantType = "authorization_code"
	// RefreshToken is the grant of RFC 6749 section 6.
	RefreshToken GrantType = "refresh_token"
	// PersonalAccessToken is GoTo's own grant (GoTo guide "Personal access tokens").
	PersonalAccessToken GrantType = "personal_access_token"
)

// Grant is a credential that can be exchanged for an access token.
type Grant struct {
	Type       GrantType
	Credential secret.Value // the code, refresh token or personal access token
	// CodeVerifier is the PKCE verifier of a code (RFC 7636). It is empty without PKCE.
	CodeVerifier secret.Value
}

// Reusable reports whether the grant may be sent again if the outcome of a request is unknown.
func (g Grant) Reusable() bool { return g.Type != AuthorizationCode }

func (g Grant) form(client Client) url.Values {
	form := url.Values{"grant_type": {string(g.Type)}}
	switch g.Type {
	case AuthorizationCode:
		form.Set("code", g.Credential.Reveal())
		if client.RedirectURI != "" {
			form.Set("redirect_uri", client.RedirectURI)
		}
		if !g.CodeVerifier.IsEmpty() {
			form.Set("code_verifier", g.CodeVerifier.Reveal())
		}
	case RefreshToken:
		form.Set("refresh_token", g.Credential.Reveal())
	case PersonalAccessToken:
		form.Set("pat", g.Credential.Reveal())
	}
	return form
}
