/** The User schema and its enterprise extension as data (RFC 7643 sections 4.1, 4.3 and 8.7.1). */

import type { Schema } from '#scim/schema.ts'
import { schemaUrns } from '#scim/urns.ts'
import { attribute, plural, primary, typeLabel } from './attribute.ts'

export const userSchema: Schema = {
  id: schemaUrns.user,
  aliases: [
    'urn:scim:schemas:core:1.0',
    'urn:scim:schemas:core:1.0:User',
    'urn:scim:schemas:core:2.0',
    'urn:scim:schemas:core:2.0:User',
  ],
  name: 'User',
  description: 'User account',
  attributes: [
    attribute('userName', 'string', 'Name by which the user signs in, unique whatever its case.', {
      required: true,
      uniqueness: 'server',
    }),
    attribute('name', 'complex', "The components of the user's name.", {
      subAttributes: [
        attribute('formatted', 'string', 'The full name, formatted for display.'),
        attribute('familyName', 'string', 'The family name.'),
        attribute('givenName', 'string', 'The given name.'),
        attribute('middleName', 'string', 'The middle names.'),
        attribute('honorificPrefix', 'string', 'Title before the name.'),
        attribute('honorificSuffix', 'string', 'Suffix after the name.'),
      ],
    }),
    attribute('displayName', 'string', 'The name shown to people.'),
    attribute('nickName', 'string', 'The casual name.'),
    attribute('profileUrl', 'reference', "URL of the user's profile.", { referenceTypes: ['external'] }),
    attribute('title', 'string', 'Job title.'),
    attribute('userType', 'string', 'Relation to the organization, such as Employee or Contractor.'),
    attribute('preferredLanguage', 'string', 'Preferred written or spoken language.'),
    attribute('locale', 'string', 'Locale for dates, numbers and currency.'),
    attribute('timezone', 'string', 'Time zone.'),
    attribute('active', 'boolean', 'Whether the user is active.'),
    attribute('password', 'string', 'Accepted and discarded: passwords are not used here.', {
      mutability: 'writeOnly',
      returned: 'never',
      caseExact: true,
    }),
    plural('emails', 'E-mail addresses; the first one is the one that counts.', {
      types: ['work', 'home', 'other'],
    }),
    plural('phoneNumbers', 'Telephone numbers.', {
      types: ['work', 'home', 'mobile', 'fax', 'pager', 'other'],
    }),
    plural('ims', 'Instant messaging addresses.', {
      types: ['aim', 'gtalk', 'icq', 'xmpp', 'msn', 'skype', 'qq', 'yahoo'],
    }),
    plural('photos', 'URLs of photos.', {
      value: attribute('value', 'reference', 'URL of the photo.', { referenceTypes: ['external'] }),
      types: ['photo', 'thumbnail'],
    }),
    attribute('addresses', 'complex', 'Postal addresses.', {
      multiValued: true,
      subAttributes: [
        attribute('formatted', 'string', 'The full address, formatted for display.'),
        attribute('streetAddress', 'string', 'Street, house number, post office box.'),
        attribute('locality', 'string', 'City or locality.'),
        attribute('region', 'string', 'State or region.'),
        attribute('postalCode', 'string', 'Postal code.'),
        attribute('country', 'string', 'Country.'),
        typeLabel(['work', 'home', 'other']),
        primary,
      ],
    }),
    attribute('groups', 'complex', 'Groups of which the user is a direct member, computed by the server.', {
      multiValued: true,
      mutability: 'readOnly',
      subAttributes: [
        attribute('value', 'string', 'Identifier of the group.', { caseExact: true, mutability: 'readOnly' }),
        attribute('$ref', 'reference', 'URI of the group.', {
          mutability: 'readOnly',
          referenceTypes: ['Group'],
        }),
        attribute('display', 'string', 'Display name of the group.', { mutability: 'readOnly' }),
        attribute('type', 'string', 'How the user is a member.', {
          mutability: 'readOnly',
          canonicalValues: ['direct'],
        }),
      ],
    }),
    plural('entitlements', 'Things the user is entitled to.'),
    plural('roles', 'Roles of the user.'),
    plural('x509Certificates', 'Certificates of the user.', {
      value: attribute('value', 'binary', 'DER encoded certificate in base64.'),
    }),
  ],
}

export const enterpriseUserSchema: Schema = {
  id: schemaUrns.enterpriseUser,
  aliases: [
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0',
    'urn:ietf:params:scim:schemas:extension:enterprise:1.0:User',
    'urn:ietf:params:scim:schemas:extension:enterprise:1.0',
    'urn:scim:schemas:extension:enterprise:2.0:User',
    'urn:scim:schemas:extension:enterprise:2.0',
    'urn:scim:schemas:extension:enterprise:1.0:User',
    'urn:scim:schemas:extension:enterprise:1.0',
  ],
  name: 'EnterpriseUser',
  description: 'Enterprise user',
  attributes: [
    attribute('employeeNumber', 'string', 'Identifier given by the organization.'),
    attribute('costCenter', 'string', 'Cost center.'),
    attribute('organization', 'string', 'Organization.'),
    attribute('division', 'string', 'Division.'),
    attribute('department', 'string', 'Department.'),
    // RFC 7643 4.3 also has a read-only displayName; managers may be unknown here, so we never could fill it in.
    attribute('manager', 'complex', "The user's manager, who need not be known here.", {
      subAttributes: [
        attribute('value', 'string', 'Identifier of the manager.', { caseExact: true }),
        attribute('$ref', 'reference', 'URI of the manager, kept as it was sent.', {
          referenceTypes: ['User'],
        }),
      ],
    }),
  ],
}
