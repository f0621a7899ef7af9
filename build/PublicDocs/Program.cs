// PublicDocs ASSEMBLY XML
// Removes from a compiler's documentation file what users of the assembly cannot see: the compiler writes the comments of internal types and members too.
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

if (args.Length != 2)
{
    Console.Error.WriteLine("usage: PublicDocs ASSEMBLY XML");
    return 2;
}

HashSet<string> visible = VisibleNames(args[0]);
XDocument document = XDocument.Load(args[1], LoadOptions.PreserveWhitespace);
foreach (XElement member in document.Descendants("member").ToList())
{
    if (!visible.Contains(NameOf(member.Attribute("name")!.Value)))
    {
        member.Remove();
    }
}

document.Save(args[1]);
return 0;

// "M:N.Type.Method``1(System.Int32)" to "N.Type.Method": overloads are told apart by nothing else, so all of them stay where one is visible.
static string NameOf(string id)
{
    string name = id[2..];
    int end = name.IndexOfAny(['(', '~']);
    name = end < 0 ? name : name[..end];
    int generic = name.IndexOf("``", StringComparison.Ordinal);
    return generic < 0 ? name : name[..generic];
}

static HashSet<string> VisibleNames(string path)
{
    using PEReader image = new(File.OpenRead(path));
    MetadataReader metadata = image.GetMetadataReader();
    HashSet<string> names = [];
    foreach (TypeDefinition type in metadata.TypeDefinitions.Select(metadata.GetTypeDefinition).Where(type => IsVisible(metadata, type)))
    {
        string owner = FullName(metadata, type);
        names.Add(owner);
        HashSet<MethodDefinitionHandle> methods =
        [
            .. type.GetMethods().Where(handle => IsVisibleMember((int)(metadata.GetMethodDefinition(handle).Attributes & MethodAttributes.MemberAccessMask))),
        ];
        Add(methods.Select(handle => metadata.GetMethodDefinition(handle).Name));
        Add(
            type.GetFields()
                .Select(metadata.GetFieldDefinition)
                .Where(field => IsVisibleMember((int)(field.Attributes & FieldAttributes.FieldAccessMask)))
                .Select(field => field.Name)
        );
        Add(
            type.GetProperties()
                .Select(metadata.GetPropertyDefinition)
                .Where(property => methods.Contains(property.GetAccessors().Getter) || methods.Contains(property.GetAccessors().Setter))
                .Select(property => property.Name)
        );
        Add(type.GetEvents().Select(metadata.GetEventDefinition).Where(entry => methods.Contains(entry.GetAccessors().Adder)).Select(entry => entry.Name));

        void Add(IEnumerable<StringHandle> handles) => names.UnionWith(handles.Select(handle => $"{owner}.{metadata.GetString(handle).Replace('.', '#')}"));
    }

    return names;
}

static bool IsVisible(MetadataReader metadata, TypeDefinition type) =>
    (type.Attributes & TypeAttributes.VisibilityMask) switch
    {
        TypeAttributes.Public => true,
        TypeAttributes.NestedPublic or TypeAttributes.NestedFamily or TypeAttributes.NestedFamORAssem => IsVisible(
            metadata,
            metadata.GetTypeDefinition(type.GetDeclaringType())
        ),
        _ => false,
    };

// Public, protected or protected internal; methods and fields share the numbers.
static bool IsVisibleMember(int access) => access is (int)MethodAttributes.Public or (int)MethodAttributes.Family or (int)MethodAttributes.FamORAssem;

static string FullName(MetadataReader metadata, TypeDefinition type) =>
    type.GetDeclaringType() is { IsNil: false } outer
        ? $"{FullName(metadata, metadata.GetTypeDefinition(outer))}.{metadata.GetString(type.Name)}"
        : $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
