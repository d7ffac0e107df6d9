package standin

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// The keys that GET Me answers with. Read as floating-point numbers they change.
const (
	// UserKey is the key of the person, sent as a number.
	UserKey = "29876543210987654321012345"
	// AccountKey is the key of the default account, sent as a string.
	AccountKey = "8123456789012345679"
	// OtherAccountKey is the key of the person's second account.
	OtherAccountKey = "901234567890123457"
)

// me answers GET Me of the Admin API (GoTo guide), in which 401 and 403 mean the opposite of what
// they mean elsewhere.
func (s *Server) me(w http.ResponseWriter, r *http.Request) {
	s.count(func(c *Counts) { c.Me++ })
	if s.intercepted(w, r) {
		return
	}
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token, state := s.lookUp(text)
	switch {
	case state == dead:
		writeJSON(w, http.StatusForbidden, map[string]any{
			"int_err_code": "InvalidToken", "msg": "Invalid token passed",
		})
	case !strings.EqualFold(scheme, "Bearer"), state == unknown,
		!slices.Contains(strings.Fields(token.scope), AdminCenterScope):
		writeJSON(w, http.StatusUnauthorized, map[string]any{
			"errorCode": "not.authenticated", "msg": "The request is not authenticated",
		})
	default:
		writeJSON(w, http.StatusOK, person(token.principal))
	}
}

type tokenState int

const (
	unknown tokenState = iota
	alive
	dead
)

func (s *Server) lookUp(text string) (login, tokenState) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	token, found := s.store.accessTokens[text]
	switch {
	case !found:
		return login{}, unknown
	case token.revoked || token.login.revoked || expired(token.expires, now):
		return *token.login, dead
	}
	return *token.login, alive
}

// person is the reply. GoTo sends keys now as numbers, now as strings; so does this.
func person(email string) map[string]any {
	roles := []string{"SUPER_USER"}
	return map[string]any{
		"key":        json.Number(UserKey),
		"accountKey": AccountKey,
		"email":      email,
		"firstName":  "Ada",
		"lastName":   "Lovelace",
		"locale":     "en_US",
		"adminRoles": roles,
		"accounts": []map[string]any{
			{"key": json.Number(AccountKey), "name": "Analytical Engines", "adminRoles": roles},
			{"key": OtherAccountKey, "name": "Difference Engines", "adminRoles": []string{}},
		},
		"createTime": int64(1462375028000),
		"products":   []string{"G2M", "G2W"},
	}
}
