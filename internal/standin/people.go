package standin

import (
	"encoding/json"
	"slices"
)

// The e-mail addresses of the people on the sign-in page.
const (
	// Principal signs in unless another person is chosen.
	Principal = "ada@example.com"
	// OtherPrincipal is the second person.
	OtherPrincipal = "grace@example.com"
)

// The keys in the answers of both APIs to GET Me. Reading them as floating-point numbers would change them.
const (
	// UserKey is the key of the first person, sent as a number.
	UserKey = "29876543210987654321012345"
	// OtherUserKey is the key of the second person.
	OtherUserKey = "29876543210987654321054321"
	// AccountKey is the key of the default account, sent as a string.
	AccountKey = "8123456789012345679"
	// OtherAccountKey is the key of an administrator's second account.
	OtherAccountKey = "901234567890123457"
)

// person is a user of GoTo.
type person struct {
	Email, FirstName, LastName string
	key                        string
	administrator              bool
}

// Initials returns the person's initials, shown instead of a picture.
func (p person) Initials() string { return p.FirstName[:1] + p.LastName[:1] }

var people = []person{
	{Principal, "Ada", "Lovelace", UserKey, true},
	{OtherPrincipal, "Grace", "Hopper", OtherUserKey, false},
}

// findPerson returns the person with this address. For other addresses, which tests may use, it returns a copy of the
// first person with that address.
func findPerson(email string) (found person, known bool) {
	if at := slices.IndexFunc(people, func(p person) bool { return p.Email == email }); at >= 0 {
		return people[at], true
	}
	found = people[0]
	found.Email = email
	return found, false
}

// me returns what GET Me says about the person. Like GoTo, it sends some keys as numbers and others as strings.
func (p person) me() map[string]any {
	roles := []string{}
	accounts := []map[string]any{{"key": json.Number(AccountKey), "name": "Analytical Engines", "adminRoles": roles}}
	if p.administrator {
		roles = append(roles, "SUPER_USER")
		accounts[0]["adminRoles"] = roles
		accounts = append(accounts, map[string]any{
			"key": OtherAccountKey, "name": "Difference Engines", "adminRoles": []string{},
		})
	}
	return map[string]any{
		"key":        json.Number(p.key),
		"accountKey": AccountKey,
		"email":      p.Email,
		"firstName":  p.FirstName,
		"lastName":   p.LastName,
		"locale":     "en_US",
		"adminRoles": roles,
		"accounts":   accounts,
		"createTime": int64(1462375028000),
		"products":   []string{"G2M", "G2W"},
	}
}

// scim returns what GET Me of SCIM says about the person.
func (p person) scim() map[string]any {
	accounts := []map[string]any{{"value": json.Number(AccountKey), "display": "Analytical Engines"}}
	if p.administrator {
		accounts = append(accounts, map[string]any{"value": OtherAccountKey, "display": "Difference Engines"})
	}
	return map[string]any{
		"id":                                   json.Number(p.key),
		"userName":                             p.Email,
		"name":                                 map[string]any{"givenName": p.FirstName, "familyName": p.LastName},
		"emails":                               []map[string]any{{"value": p.Email, "primary": true}},
		"locale":                               "en_US",
		"urn:scim:schemas:extension:getgo:1.0": map[string]any{"accounts": accounts},
	}
}
