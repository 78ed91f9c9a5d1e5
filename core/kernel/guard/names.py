"""Words that the name guard reads: common given and family names here, and capitals that name nobody.

Folded: lower case, no accent. The lists catch what capitals do not tell (« marie tremblay »); they need not be
complete.
"""

from __future__ import annotations

_GIVEN = """
adele agathe alexandra alexandre alexia alice alicia aline alison alyssa amanda amelie amina andre andree ange angela
angelique anick anna anne annie antoine ariane arianne audrey aurelie beatrice benoit bianca camille carole caroline
catherine cecile celine chantal charles charlotte chloe christian christiane christine cindy claire clara claude
claudia coralie cynthia daniel daniele danielle daphnee david denis denise diane dominique edith elisabeth elise
elizabeth elodie emilie emily emma emmanuelle eric erika estelle eva eve eveline fanny fatima fatou florence francine
francis francois francoise frederic gabriel gabrielle genevieve ghislaine gilles gisele guillaume guylaine helene
isabelle jacinthe jacqueline jacques jade jean jeanne jennifer jessica joanie jocelyne johanne jonathan josee joseph
josiane juliane julie julien juliette karine karl kassandra katia kelly kevin kim laetitia laura laurence laurie lea
leila lina linda lisa lise louis louise luc lucas lucie lydia lyne madeleine maelle maika mandy manon marc marguerite
marie marilou marilyn marilyne marina mario marjolaine martin martine mathieu mathilde maude maxime megan melanie
melissa melodie mia michel michele micheline mireille monia monique myriam nadia nadine naomi natacha nathalie nicolas
nicole noemie ophelie pascal pascale patricia patrick paul pauline philippe pierre rachel raphaelle raymond rebecca
rejean renee robert roger rosalie rose roxane sabrina samantha samuel sandra sandrine sara sarah sebastien serge simon
simone solange sonia sophia sophie stephane stephanie steve suzanne sylvain sylvie tania tanya thomas tina valerie
vanessa veronique vicky victoria vincent virginie viviane xavier yasmine yolande yves yvon yvonne zoe
"""

_SURNAMES = """
allard archambault arsenault aubin audet ayotte beaudoin beaulieu beauregard bedard belanger belisle benoit bergeron
bernard bernier bertrand berube bilodeau blais blanchette boisvert bolduc bouchard boucher boudreau bouffard boulanger
bourgeois boutin brassard breton brisson brodeur bureau bussieres caron carrier champagne charbonneau charron
chartrand chevalier cloutier comeau cormier cote couture cyr daigle daoust demers deschamps deschenes desjardins
desmarais desrochers desrosiers diallo dion dionne doucet drolet drouin dube dubois dubuc duchesne dufour dufresne
dumas dumont duplessis dupont dupuis durand duval ethier fiset fontaine forest forget fortier fortin fournier
francoeur gagne gagnon garneau gaudreault gauthier gauvin gendron genest geoffroy germain gervais giguere gilbert
gingras girard giroux gosselin goulet gravel grenier grondin groulx guay guerin haddad hamel harvey hebert henry houle
huard hudon jacob jacques jean joly labelle laberge labonte labrecque lacasse lachance lacombe lacroix laflamme
lafleur lafontaine laforest lafrance lajoie lalonde lamarche lambert lamontagne landry langevin langlois lapierre
laplante lapointe laporte larivee larouche lauzon lavallee laverdiere lavigne lavoie leblanc leclerc lecompte leduc
lefebvre legault leger lemay lemieux lepage lessard letourneau levesque loiselle maheux mailhot marchand marcotte
marois martel martin masse mathieu menard mercier michaud miron mohamed moreau morel morin morissette nadeau nguyen
normand ouellet ouellette paquet paquette paquin paradis pare parent pelletier pepin perrault perreault perron petit
picard pilon plante plourde poirier poulin pratte prevost proulx provost racine raymond renaud richard rioux rivard
rivest robert robillard rondeau rousseau roussel roy salvail sauve savard savoie seguin senecal simard singh smith st-
onge st-pierre sylvestre talbot tanguay tessier theriault therrien thibault thibodeau tran tremblay trepanier trudeau
trudel turcotte turgeon vachon vaillancourt vallee veilleux vezina villeneuve williams
"""

#: Capitals that name a place, an organisation, a programme or nothing: never half of a name.
_KNOWN = """
a accueil after aide aire alimentaire alors ambulance and aout apres argent arret assomption at aucun aucune autant
autorayne autre avant avec avoir avril bail banque because before berthier berthierville besoin bien bonjour but c
calacs canada car carte cavac ce ceci cela centraide centre ces cet cette chertsey chez chrysalide cisss cles clinique
clsc coeur comite comme comment commission communautaire confiance costco couche-tard couches coup cour crabtree crees
cresl csss d d’autray d’hebergement d’urgence dans decembre demande depuis des designe deux dimanche dollarama dpcp
dpj du elle elles en encore enfin entrelacs epicerie esperance est et etant exploitation facture familiprix femmes
fevrier ficesl fonds food garde gare gouvernement groupe hebergement help her hlm hopital hotel housing hydro hydro-
quebec iga il in inc it its ivac j janvier je jean-coutu jean-talon jeudi joliette jour juillet juin l l’assomption
l’epiphanie la lafu lanaudiere lanoraie laval lavaltrie le les leur lgbtq lieu local logement loyer lundi ma mai
maintenant mais maison manawan mardi mars mascouche matawinie mauricie maxi mercredi mes metro moisson montcalm
montreal moulins mrc municipalite n no nord not notre nous novembre nuit obnl octobre office olo on or orres ou ouest
oui paiement par paris pas pendant personne pharmacie pharmaprix plusieurs police popote pour prestation programme
provigo puis qu quand que quebec qui quoi ramq rawdon refuge regie regional rencontre rent repentigny resto rive-sud
rosemont s sa saaq saint saint-calixte saint-charles-borromee saint-donat saint-esprit saint-felix saint-gabriel
saint-jacques saint-lin saint-michel saint-roch sainte-julienne samedi sans sante securite selon sept septembre sercan
service services ses sex sexuelle she si since son sous sq ste sud sur surete survivantes table tal tandem taxi
terrebonne that the they this tivsl to tous tout toutes transport travail tres tribunal trois uber un une uniprix
urgence urgences van vendredi vie ville visa visite walmart we when winners yes
"""

GIVEN = frozenset(_GIVEN.split())
SURNAMES = frozenset(_SURNAMES.split())
KNOWN = frozenset(_KNOWN.split())
HONORIFICS = frozenset({"mme", "mlle", "madame", "mademoiselle", "monsieur", "m", "mr", "mrs", "ms", "dr", "dre", "me"})
