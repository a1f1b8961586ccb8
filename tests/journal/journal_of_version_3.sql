BEGIN TRANSACTION;
CREATE TABLE call (
	id INTEGER NOT NULL, 
	account TEXT NOT NULL, 
	at FLOAT NOT NULL, 
	arrived FLOAT NOT NULL, 
	write BOOLEAN NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE directory (
	account TEXT NOT NULL, 
	path TEXT NOT NULL, 
	fetched FLOAT NOT NULL, 
	entries TEXT NOT NULL, 
	PRIMARY KEY (account, path)
);
CREATE TABLE first_look (
	run INTEGER NOT NULL, 
	"row" INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	service_time FLOAT, 
	local_time FLOAT NOT NULL, 
	PRIMARY KEY (run, "row", attempt)
);
CREATE TABLE hold (
	account TEXT NOT NULL, 
	until FLOAT NOT NULL, 
	PRIMARY KEY (account)
);
CREATE TABLE intent (
	run INTEGER NOT NULL, 
	"row" INTEGER NOT NULL, 
	target INTEGER NOT NULL, 
	identity BLOB NOT NULL, 
	body TEXT NOT NULL, 
	state TEXT NOT NULL, 
	attempts INTEGER DEFAULT '0' NOT NULL, 
	rounds INTEGER DEFAULT '0' NOT NULL, 
	sent_at FLOAT, 
	settled_at FLOAT, 
	remote_id BIGINT, 
	field TEXT, 
	message TEXT, 
	seal BLOB NOT NULL, 
	PRIMARY KEY (run, "row"), 
	CONSTRAINT known_state CHECK (state = 'planned' OR state IN ('planned', 'in doubt', 'created', 'existing', 'held', 'rejected', 'review', 'removing', 'removed'))
)
 WITHOUT ROWID

;
INSERT INTO "intent" VALUES(1,2,1,X'00000000000000000000000000000002','{"ResourceId":1002,"CoworkerId":2002,"Name":"Room 2","SubscriptionExpireDate":"2031-01-01T00:00:00Z","SubscriptionId":"s2","CalendarId":"c2"}','created',1,0,3.0,4.0,71,NULL,NULL,X'9C69DC63AE2814F2F770023B5749271E');
INSERT INTO "intent" VALUES(1,3,1,X'00000000000000000000000000000003','{"ResourceId":1003,"CoworkerId":2003,"Name":"Room 3","SubscriptionExpireDate":"2031-01-01T00:00:00Z","SubscriptionId":"s3","CalendarId":"c3"}','in doubt',1,0,3.0,NULL,NULL,NULL,NULL,X'3709B9B2C2ACDF3395D3E9E8367B9551');
INSERT INTO "intent" VALUES(1,4,1,X'00000000000000000000000000000004','{"ResourceId":1004,"CoworkerId":2004,"Name":"Room 4","SubscriptionExpireDate":"2031-01-01T00:00:00Z","SubscriptionId":"s4","CalendarId":"c4"}','created',1,0,3.0,4.0,74,NULL,NULL,X'87C93AEAFA740CA042156698E935E148');
INSERT INTO "intent" VALUES(2,2,2,X'00000000000000000000000000000002','{"ResourceId":1002,"CoworkerId":2002,"Name":"Renamed","SubscriptionExpireDate":"2031-01-01T00:00:00Z","SubscriptionId":"s2","CalendarId":"c2"}','created',1,0,3.0,4.0,72,NULL,NULL,X'0EFB14667E8EE43C495F6AD59C4428D6');
INSERT INTO "intent" VALUES(2,3,2,X'00000000000000000000000000000003','{"ResourceId":1003,"CoworkerId":2003,"Name":"Renamed","SubscriptionExpireDate":"2031-01-01T00:00:00Z","SubscriptionId":"s3","CalendarId":"c3"}','in doubt',1,0,3.0,NULL,NULL,NULL,NULL,X'AB6524868E780A9EAD5A907E0C4A5319');
INSERT INTO "intent" VALUES(2,4,2,X'00000000000000000000000000000004','{"ResourceId":1004,"CoworkerId":2004,"Name":"Renamed","SubscriptionExpireDate":"2031-01-01T00:00:00Z","SubscriptionId":"s4","CalendarId":"c4"}','created',1,0,3.0,4.0,74,NULL,NULL,X'F0A62D4FD29F39FC0C1D550A331430C9');
INSERT INTO "intent" VALUES(3,2,3,X'00000000000000000000000000000002','{"ResourceId":1002,"CoworkerId":2002,"Name":"Room 2","SubscriptionExpireDate":"2031-01-01T00:00:00Z","SubscriptionId":"s2","CalendarId":"c2"}','created',1,0,3.0,4.0,71,NULL,NULL,X'A281B28289400DAACFED081B400AFF87');
INSERT INTO "intent" VALUES(3,3,3,X'00000000000000000000000000000003','{"ResourceId":1003,"CoworkerId":2003,"Name":"Room 3","SubscriptionExpireDate":"2031-01-01T00:00:00Z","SubscriptionId":"s3","CalendarId":"c3"}','in doubt',1,0,3.0,NULL,NULL,NULL,NULL,X'ABE91C7448503FB78E2C3B70F0DF29E6');
INSERT INTO "intent" VALUES(3,4,3,X'00000000000000000000000000000004','{"ResourceId":1004,"CoworkerId":2004,"Name":"Room 4","SubscriptionExpireDate":"2031-01-01T00:00:00Z","SubscriptionId":"s4","CalendarId":"c4"}','in doubt',1,0,3.0,NULL,NULL,NULL,NULL,X'913DE299E7C994653A3E0549D5FC825B');
CREATE TABLE issue (
	id INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	"row" INTEGER, 
	cell TEXT, 
	label TEXT, 
	field TEXT, 
	code TEXT, 
	value TEXT, 
	detail TEXT, 
	PRIMARY KEY (id)
);
CREATE TABLE listed_before (
	run INTEGER NOT NULL, 
	ids BLOB NOT NULL, 
	PRIMARY KEY (run)
);
CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT, 
	PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('schema_version','3');
CREATE TABLE pick (
	account TEXT NOT NULL, 
	path TEXT NOT NULL, 
	name TEXT NOT NULL, 
	remote_id BIGINT NOT NULL, 
	PRIMARY KEY (account, path, name)
);
CREATE TABLE run (
	id INTEGER NOT NULL, 
	target INTEGER, 
	kind TEXT NOT NULL, 
	url TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	user TEXT DEFAULT '' NOT NULL, 
	space TEXT DEFAULT '' NOT NULL, 
	file TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	copy TEXT NOT NULL, 
	options TEXT NOT NULL, 
	folder TEXT NOT NULL, 
	parent INTEGER, 
	started FLOAT NOT NULL, 
	planned FLOAT, 
	stopped FLOAT, 
	finished FLOAT, 
	exit_code INTEGER, 
	stop BOOLEAN DEFAULT 0 NOT NULL, 
	rows INTEGER DEFAULT '0' NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(target) REFERENCES target (id)
);
INSERT INTO "run" VALUES(1,1,'CoworkerMsOfficeCalendar','https://spaces.nexudus.com','spaces/coworkermsoffecalendars','','','rows.csv','0000000000000000000000000000000000000000000000000000000000000000','copies/copy','{"format": 1, "even_if_existing": false}','reports/1',NULL,1.0,2.0,NULL,NULL,NULL,0,3);
INSERT INTO "run" VALUES(2,2,'CoworkerMsOfficeCalendar','https://spaces.nexudus.com','spaces/coworkermsoffecalendars','','','rows.csv','1111111111111111111111111111111111111111111111111111111111111111','copies/copy','{"format": 1, "even_if_existing": false}','reports/1',NULL,1.0,2.0,NULL,NULL,NULL,0,3);
INSERT INTO "run" VALUES(3,3,'CoworkerMsOfficeCalendar','https://spaces.nexudus.com','spaces/coworkermsoffecalendars','','','rows.csv','2222222222222222222222222222222222222222222222222222222222222222','copies/copy','{"format": 1, "even_if_existing": false}','reports/1',NULL,1.0,2.0,NULL,NULL,NULL,0,3);
CREATE TABLE target (
	id INTEGER NOT NULL, 
	account TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (account, kind)
);
INSERT INTO "target" VALUES(1,'spaces.nexudus.com/ana@example.com','CoworkerMsOfficeCalendar');
INSERT INTO "target" VALUES(2,'spaces.nexudus.com/ines@example.com','CoworkerMsOfficeCalendar');
INSERT INTO "target" VALUES(3,'127.0.0.1/ops@example.com/123','CoworkerMsOfficeCalendar');
CREATE UNIQUE INDEX one_claim ON intent (target, identity) WHERE state IN ('created', 'in doubt', 'removing', 'review');
CREATE UNIQUE INDEX one_row_an_id ON intent (target, remote_id) WHERE state IN ('created', 'removing');
CREATE INDEX issues_by_row ON issue (run, "row");
CREATE INDEX writes_by_time ON call (account, write, at);
CREATE INDEX calls_by_arrival ON call (account, arrived);
CREATE INDEX writes_by_arrival ON call (account, write, arrived);
COMMIT;
