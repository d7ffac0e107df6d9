package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// ValuesWithSecrets returns a value of every type in this package that contains secrets. All the secrets are text.
func ValuesWithSecrets(text string) (map[string]any, error) {
	value, hidden := types.StringValue(text), secret.New(text)
	arguments := providerModel{ClientID: types.StringValue("id"), ClientSecret: value, RefreshToken: value, PersonalAccessToken: value}
	p := &gotoProvider{getenv: func(string) string { return "" }, interrupt: context.Background()}
	configured := arguments
	configured.PersonalAccessToken = types.StringNull()
	s, diags := p.settings(configured)
	if diags.HasError() {
		return nil, errors.New("settings refused")
	}
	block := accessTokenArguments{clientSecret: text, code: text, codeVerifier: text, callbackURL: text, refreshToken: text, personalAccessToken: text}
	request, _ := newTokenRequest(context.Background(), s, accessTokenArguments{code: text, codeVerifier: text})
	request.Client.Secret, request.codeVerifier = hidden, hidden
	return map[string]any{
		"providerModel": arguments, "pointer to providerModel": &arguments,
		"settings":             s,
		"accessTokenArguments": block, "pointer to accessTokenArguments": &block,
		"tokenRequest": request, "pointer to tokenRequest": &request,
		"revocation": revocation{oauth.Client{Secret: hidden}, engine.Login{AccessToken: hidden}},
		"grant":      oauth.Grant{Type: oauth.RefreshToken, Credential: hidden},
	}, nil
}
