package standin

import "net/http"

// metadata implements RFC 8414. The issuer is the address that the client used, so that it is also correct behind TLS.
func metadata(w http.ResponseWriter, r *http.Request) {
	issuer := "http://" + r.Host
	if r.TLS != nil {
		issuer = "https://" + r.Host
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                issuer,
		"authorization_endpoint":                issuer + "/oauth/authorize",
		"token_endpoint":                        issuer + "/oauth/token",
		"revocation_endpoint":                   issuer + "/oauth/revoke",
		"response_types_supported":              []string{"code"},
		"grant_types_supported":                 []string{grantCode, grantRefresh, grantPersonalAccessToken},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic"},
		"code_challenge_methods_supported":      []string{"S256"},
	})
}
