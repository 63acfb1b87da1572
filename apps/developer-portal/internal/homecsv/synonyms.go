package homecsv

// synonyms are the names under which a column is found, in the form that
// normal returns. The first name of a field is its own; of the others an
// earlier one wins when a file has several.
var synonyms = []struct {
	field Field
	names []string
}{
	{FieldBlock, []string{
		"block", "blockname", "blockno", "blocknumber", "building", "buildingname", "blk", "core", "tower",
	}},
	{FieldUnitNumber, []string{
		"unitnumber", "unitno", "unit", "unitref", "unitid", "homenumber", "homeno", "home", "plotnumber", "plotno",
		"plot", "plotref", "sitenumber", "siteno", "site", "lotnumber", "lotno", "lot", "housenumber", "houseno",
		"apartmentnumber", "apartmentno", "aptno", "apt", "flatnumber", "flatno", "flat", "dwellingno",
		"dwellingnumber", "propertyno", "propertynumber", "doornumber", "doorno", "number", "no",
	}},
	{FieldAddressLine1, []string{
		"addressline1", "address1", "addr1", "addressline", "address", "streetaddress", "street", "line1",
		"propertyaddress", "postaladdress", "fulladdress", "homeaddress", "addresslineone", "firstlineofaddress",
	}},
	{FieldAddressLine2, []string{
		"addressline2", "address2", "addr2", "line2", "addresslinetwo", "secondlineofaddress", "locality", "townland",
	}},
	{FieldCity, []string{"city", "town", "towncity", "cityortown", "townorcity", "citytown", "posttown", "village", "addresscity"}},
	{FieldPostcode, []string{
		"postcode", "postalcode", "eircode", "zip", "zipcode", "postcodeeircode", "eircodepostcode", "zippostcode", "postcodezip",
	}},
	{FieldHouseTypeCode, []string{
		"housetypecode", "typecode", "hometypecode", "unittypecode", "housetyperef", "typeref", "housetypeid",
		"housetypeno", "type", "unittype", "hometype", "plan", "plancode", "plantype", "model", "design", "variant",
	}},
	{FieldHouseType, []string{
		"housetype", "housetypename", "typename", "hometypename", "unittypename", "housetypedescription",
		"typedescription", "typedesc", "propertytype", "dwellingtype", "description", "desc", "unitdescription", "style",
	}},
	{FieldBedrooms, []string{
		"bedrooms", "beds", "bed", "bedroom", "noofbedrooms", "noofbeds", "numberofbedrooms", "numberofbeds",
		"bedroomcount", "bedcount", "bedspaces", "bednumber", "br", "bdr", "nobeds", "nobedrooms",
	}},
	{FieldBathrooms, []string{
		"bathrooms", "baths", "bath", "bathroom", "noofbathrooms", "noofbaths", "numberofbathrooms",
		"numberofbaths", "bathroomcount", "bathcount", "nobaths", "nobathrooms",
	}},
	{FieldFloorArea, []string{
		"flooraream2", "floorareasqm", "floorarea", "aream2", "areasqm", "areainsqm", "areainm2", "areasquaremetres",
		"floorareasquaremetres", "sqm", "m2", "sizesqm", "sizem2", "squaremetres", "squaremeters", "sqmetres",
		"gia", "giasqm", "giam2", "gifa", "gifasqm", "gifam2", "grossinternalarea", "internalarea",
		"internalareasqm", "internalaream2", "netarea", "netinternalarea", "floorspace", "livingarea",
	}},
	{FieldPurchaserName, []string{
		"purchasername", "purchaser", "purchasers", "purchasernames", "purchaserfullname", "buyername", "buyer",
		"buyers", "buyersname", "buyernames", "buyerfullname", "clientname", "client", "customername", "customer",
		"ownername", "owner", "homeowner", "homeownername", "residentname", "resident", "contactname", "fullname", "name",
	}},
	{FieldPurchaserEmail, []string{
		"purchaseremail", "purchaseremailaddress", "purchasersemail", "buyeremail", "buyeremailaddress", "buyersemail",
		"clientemail", "customeremail", "owneremail", "homeowneremail", "residentemail", "contactemail",
		"emailaddress", "email", "mail",
	}},
	{FieldPurchaserPhone, []string{
		"purchaserphone", "purchaserphonenumber", "purchasermobile", "purchasertel", "purchasertelephone",
		"purchasersphone", "buyerphone", "buyerphonenumber", "buyermobile", "buyertel", "buyertelephone",
		"buyersphone", "clientphone", "customerphone", "ownerphone", "residentphone", "contactphone",
		"contactnumber", "contactno", "phonenumber", "phoneno", "phone", "mobilenumber", "mobileno",
		"mobilephone", "mobile", "telephonenumber", "telephoneno", "telephone", "telno", "tel", "cellphone", "cell",
	}},
	{FieldHandoverDate, []string{
		"handoverdate", "handover", "dateofhandover", "handoveron", "handedover", "keyhandover", "keyhandoverdate",
		"closingdate", "closing", "dateofclosing", "completiondate", "completion", "dateofcompletion",
		"salecompletiondate", "possessiondate", "moveindate", "movein", "keydate", "keysdate", "settlementdate",
	}},
}

// weakSynonyms are names that need a look at the values below them.
var weakSynonyms = map[string]Field{
	"area": FieldFloorArea,
	"size": FieldFloorArea,
	"date": FieldHandoverDate,
}

// ignoredNames are the columns that an error file adds (see ErrorFile).
var ignoredNames = map[string]bool{lineHeader: true, problemHeader: true}
