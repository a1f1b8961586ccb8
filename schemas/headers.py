"""Headers of sheets that people keep, and what values look like, by field; shared by the record types.

Left out is what means something else in Nexudus or at Microsoft: a desk, a space and a user have Ids of their own, and
a tenant is Microsoft's word for a whole company. Left out, too, are words of one language that mean another field in a
second one.
"""

RESOURCE = ("Resource", "Resource No", "Resource Number", "Room", "Room ID")
RESOURCE_ABROAD = (
    *("Ressource", "Ressourcen-ID", "Raum", "Raum-ID", "Besprechungsraum", "Meetingraum"),
    *("ID de la ressource", "ID ressource", "Salle", "Salle de réunion"),
    *("Recurso", "ID del recurso", "Sala", "Sala de reuniones"),
    *("Ruimte", "Vergaderruimte", "Vergaderzaal", "Zaal", "Ruimte-ID"),
    *("ID do recurso", "Sala de reunião", "Sala de reuniões"),
)
RESOURCE_HINTS = (
    *("Resource Name", "Room Name", "Meeting Room", "Raumname", "Name des Raums", "Nom de la salle"),
    *("Nombre de la sala", "Naam van de ruimte", "Nome da sala"),
)

COWORKER = ("Coworker", "Member", "Member ID", "Customer", "Customer ID")
COWORKER_ABROAD = (
    *("Mitglied", "Mitglieds-ID", "Kunde", "Kunden-ID"),
    *("Membre", "ID du membre", "Coworkeur", "Client"),
    *("Miembro", "ID del miembro", "Cliente"),
    *("Lid", "Lid-ID", "Klant", "Klant-ID"),
    *("Membro", "ID do membro"),
)
COWORKER_HINTS = (
    *("E-mail", "Email address", "Coworker email", "Member email", "Customer email"),
    *("Full name", "Coworker name", "Member name", "Customer name"),
    *("E-Mail-Adresse", "Vollständiger Name", "Mitgliedsname", "Adresse e-mail", "Courriel", "Nom complet"),
    *("Nom du membre", "Correo", "Correo electrónico", "Nombre completo", "Nombre del miembro"),
    *("E-mailadres", "Volledige naam", "Naam van het lid", "Nome completo", "Nome do membro"),
)

NAME = ("Calendar", "Calendar Name", "Cal Name", "Mapping Name", "Title")
NAME_ABROAD = (
    *("Kalender", "Kalendername", "Bezeichnung", "Titel"),
    *("Calendrier", "Nom du calendrier", "Nom", "Titre"),
    *("Calendario", "Nombre del calendario", "Nombre", "Título"),
    *("Kalendernaam", "Agendanaam", "Naam"),
    *("Calendário", "Nome do calendário", "Nome"),
)
NAME_HINTS = ("Display name", "Agenda")

EXPIRY = (
    *("Subscription Expiry Date", "Subscription Expiration Date", "Subscription Expiration", "Subscription Expires"),
    *("Expiry", "Expiry Date", "Expires", "Expires On", "Expiration", "Expiration Date", "Expire Date", "Valid Until"),
)
EXPIRY_ABROAD = (
    *("Ablaufdatum", "Läuft ab", "Läuft ab am", "Gültig bis", "Ablauf"),
    *("Date d'expiration", "Expire le", "Valable jusqu'au", "Valide jusqu'au"),
    *("Fecha de caducidad", "Fecha de vencimiento", "Caduca", "Caduca el", "Vence", "Vence el", "Válido hasta"),
    *("Vervaldatum", "Verloopt", "Verloopt op", "Geldig tot"),
    *("Data de expiração", "Data de validade", "Data de vencimento", "Expira em", "Válido até"),
)
EXPIRY_HINTS = (
    "Until",
    "End date",
    "Renewal date",
    "Enddatum",
    "Date de fin",
    "Fecha de fin",
    "Einddatum",
    "Data de fim",
)

SUBSCRIPTION = ("Subscription", "Sub ID", "Graph Subscription ID", "Subscription GUID")
SUBSCRIPTION_ABROAD = (
    *("Abonnement", "Abonnement-ID", "Abonnements-ID", "Abo-ID", "ID de l'abonnement", "ID d'abonnement"),
    *("Suscripción", "ID de suscripción", "ID de la suscripción", "Subscrição", "ID da subscrição", "ID da assinatura"),
)

CALENDAR_ID = ("Cal ID", "Office Calendar ID", "Office 365 Calendar ID", "MS Calendar ID", "Outlook Calendar ID")
CALENDAR_ID_ABROAD = (*("Kalender-ID", "ID du calendrier", "ID del calendario", "Agenda-ID", "ID do calendário"),)

TRANSLATIONS = {
    "ResourceId": RESOURCE_ABROAD,
    "CoworkerId": COWORKER_ABROAD,
    "Name": NAME_ABROAD,
    "SubscriptionExpireDate": EXPIRY_ABROAD,
    "SubscriptionId": SUBSCRIPTION_ABROAD,
    "CalendarId": CALENDAR_ID_ABROAD,
}
HINTS = {
    "ResourceId": RESOURCE_HINTS,
    "CoworkerId": COWORKER_HINTS,
    "Name": NAME_HINTS,
    "SubscriptionExpireDate": EXPIRY_HINTS,
}

EMAIL = r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+"
GUID = r"\{?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?"
OUTLOOK_ID = r"AA[MQ]k[A-Za-z0-9+/_-]{8,}=*"
"""How Microsoft Graph's examples of calendars are written (learn.microsoft.com/graph/api/resources/calendar)."""
