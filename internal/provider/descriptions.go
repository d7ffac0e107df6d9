package provider

// What the descriptions of several attributes say.
const (
	describeClientID            = "ID of the OAuth client, from its page at <" + clientsPage + ">."
	describeClientSecret        = "Secret of the OAuth client, as GoTo shows it. Stored logins are encrypted with it: after a change of the secret they must be created again." + notInPlans
	describeRedirectURI         = "Redirect URI, exactly as registered for the OAuth client."
	describeRefreshToken        = "Refresh token to obtain access tokens with. One that GoTo replaces is kept in the token cache, so the configuration need not follow." + notInPlans
	describePersonalAccessToken = "Personal access token to obtain access tokens with. The OAuth client needs the grant type \"Personal Access Token\". It takes no `profile`, because it keeps no login." + notInPlans
	describeProfile             = "Name under which the login is kept. Beside a code, callback URL or refresh token it keeps what they bring, in place of a login that began earlier; alone it uses what is kept. So a person signs in once, and the code is dropped from the configuration afterwards."
	describeURL                 = "; https, or http to a loopback address."

	notInPlans = " Not in plan files if it comes from the environment or an ephemeral variable; other variables and the configuration itself are."

	// The defaults.
	fromProvider   = " Default: the provider's."
	refusedWithout = " Default: none; what needs it and has none of its own is refused."
	oneGrant       = " At most one grant may be given. Default: the login that `profile` names; without a profile, the provider's grant."
)

// fromEnvironment says which variable stands in for an absent argument of the provider.
func fromEnvironment(argument string) string {
	return " Environment variable: `" + variable(argument) + "`."
}
