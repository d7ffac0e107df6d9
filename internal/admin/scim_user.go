package admin

import (
	"encoding/json"
	"errors"
	"strings"
)

// decodeUser reads the body of a successful reply of SCIM: a User (RFC 7643 section 4.1) with a GoTo extension.
func decodeUser(body []byte) (Person, error) {
	type email struct {
		Value   string `json:"value"`
		Primary any    `json:"primary"` // true for at most one of them
	}
	var user struct {
		ID       key    `json:"id"`
		UserName string `json:"userName"`
		Name     struct {
			GivenName  string `json:"givenName"`
			FamilyName string `json:"familyName"`
		} `json:"name"`
		Emails []email `json:"emails"`
		Locale string  `json:"locale"`
		GoTo   struct {
			Accounts []struct {
				Value   key    `json:"value"`
				Display string `json:"display"`
			} `json:"accounts"`
		} `json:"urn:scim:schemas:extension:getgo:1.0"`
	}
	if err := json.Unmarshal(body, &user); err != nil {
		return Person{}, errors.New("the reply is not the JSON object of a SCIM user")
	}
	person := Person{
		Key:       string(user.ID),
		FirstName: user.Name.GivenName,
		LastName:  user.Name.FamilyName,
		Locale:    user.Locale,
	}
	for _, email := range user.Emails {
		if person.Email == "" || email.Primary == true {
			person.Email = email.Value
		}
	}
	if person.Email == "" && strings.Contains(user.UserName, "@") {
		person.Email = user.UserName
	}
	for _, account := range user.GoTo.Accounts {
		person.Accounts = append(person.Accounts, Account{Key: string(account.Value), Name: account.Display})
	}
	if len(person.Accounts) == 1 { // SCIM does not say which of several is the default
		person.AccountKey = person.Accounts[0].Key
	}
	return person, nil
}
