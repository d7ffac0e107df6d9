package provider

import "github.com/terraform-goto/terraform-provider-goto/internal/oauth"

// signIn says how a person signs in, with the address to open.
func (t tokenRequest) signIn() string {
	authorization := oauth.AuthorizationRequest{ClientID: t.Client.ID, RedirectURI: t.Client.RedirectURI, State: t.state}
	if !t.codeVerifier.IsEmpty() {
		authorization.CodeChallenge = oauth.S256(t.codeVerifier)
	}
	give := "give that whole address as callback_url and run again."
	if t.byProvider {
		give = "give that whole address as callback_url to a goto_access_token with the same profile, and run again."
	}
	return "To sign in, open this address in a browser and press Allow:\n\n  " + t.server.AuthorizeURL(authorization) +
		"\n\nThe browser then lands on an address with code= in it; that its page may not be found is harmless. Within 10 minutes, " + give
}
