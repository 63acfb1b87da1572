package demo

// account is somebody of the staff.
type account struct {
	email, name, role string
	limitedTo         string // slug of the only development that they see; "" = all
}

// development is a scheme with its homes.
type development struct {
	slug, name, address, status      string
	contact, email, phone, emergency string
	homes                            func(*loader) ([]home, error) // nil = none yet
}

// company is a tenant with everything that belongs to it.
type company struct {
	slug, name   string
	staff        []account
	developments []development
	notices      []notice
	documents    []document
}

// resident is whose link `make run` shows, and where that person lives.
const (
	resident     = "buyer00014@example.org"
	residentHome = "14 Longview Park"
)

var companies = []company{
	{
		slug: "kestrel-quay", name: "Kestrel Quay Homes", notices: kestrelNotices, documents: kestrelDocuments,
		staff: []account{
			{email: "maeve.admin@example.org", name: "Maeve Kinsella", role: "admin"},
			{email: "tomas.developer@example.org", name: "Tomás Okonkwo", role: "developer"},
			{email: "ines.viewer@example.org", name: "Inês Lindqvist", role: "viewer"},
			{email: "radek.limited@example.org", name: "Radek Ó Laoire", role: "developer", limitedTo: "longview-park"},
			{email: "both@example.org", name: "Yuki Brennan", role: "viewer"},
		},
		developments: []development{
			{
				slug: "longview-park", name: "Longview Park", address: "Mill Road, Ballyhale", status: "active",
				contact: "Nora Ferriter", email: "care.longview@example.org", phone: "+353 20 915 0142", emergency: "+353 20 915 0199",
				homes: longviewPark,
			},
			{
				slug: "mill-quarter", name: "Mill Quarter", address: "Weir Lane, Ballyhale", status: "planned",
				contact: "Nora Ferriter", email: "care.millquarter@example.org", phone: "+353 20 915 0142",
			},
		},
	},
	{
		slug: "meadowlark-living", name: "Meadowlark Living",
		staff: []account{
			{email: "sade.admin@example.org", name: "Sade Marchetti", role: "admin"},
			{email: "piotr.developer@example.org", name: "Piotr Hanley", role: "developer"},
			{email: "both@example.org", name: "Yuki Brennan", role: "viewer"},
		},
		developments: []development{
			{
				slug: "orchard-rise", name: "Orchard Rise", address: "Station Street, Cill Bhríde", status: "active",
				contact: "Customer care", email: "care.orchard@example.org", phone: "+353 20 916 0300", emergency: "+353 20 916 0399",
				homes: orchardRise,
			},
		},
	},
}
