package provider

// Descriptions that several attributes share.
const (
	describeClientID            = "ID of the OAuth client, from its page at <" + clientsPage + ">."
	describeClientSecret        = "Secret of the OAuth client, exactly as GoTo shows it. Stored logins are encrypted with it, so they must be created again after the secret changes." + notInPlans
	describeRedirectURI         = "Redirect URI, exactly as registered for the OAuth client."
	describeRefreshToken        = "Refresh token for obtaining access tokens. If GoTo replaces it, the token cache keeps the new one, so you don't have to change the configuration." + notInPlans
	describePersonalAccessToken = "Personal access token for obtaining access tokens. The OAuth client needs the grant type \"Personal Access Token\". A personal access token can't be combined with `profile`, because it needs no stored login." + notInPlans
	describeProfile             = "Name of the stored login. If a code, callback URL or refresh token is also set, the provider stores the new login under this name, and replaces a login that began earlier. If none of them is set, the provider uses the stored login. So after a person has signed in once, you can remove the code from the configuration."
	describeURL                 = ". It must use https, or http to a loopback address."

	notInPlans = " The value is not in plan files if it comes from the environment or an ephemeral variable. Plan files contain the values of other variables, and the configuration itself."

	// The defaults.
	fromProvider   = " Default: the provider's."
	refusedWithout = " Default: none; `goto_access_token` and `goto_authorize_url` can then set it themselves."
	oneGrant       = " Set at most one grant: `code`, `callback_url`, `refresh_token` or `personal_access_token`. If none is set, the block uses the login that `profile` names or, without a `profile`, the provider's grant or profile."
)

// fromEnvironment returns the sentence that names the environment variable for a provider argument.
func fromEnvironment(argument string) string {
	return " Environment variable: `" + variable(argument) + "`."
}
