// Publicize OUTDIR DLL...
// Writes copies of ML.NET's assemblies in which what is internal is public, to compile against. Only visibility bits of the metadata tables change, in place,
// so that everything else of an assembly, its identity above all, stays as it is. Private and protected members keep their visibility: an event and its private
// field share a name.
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

if (args.Length < 2)
{
    Console.Error.WriteLine("usage: Publicize OUTDIR DLL...");
    return 2;
}

Directory.CreateDirectory(args[0]);
foreach (string path in args[1..])
{
    string target = Path.Combine(args[0], Path.GetFileName(path));
    DateTime written = File.GetLastWriteTimeUtc(path);
    // Equal, not newer: another version of a package may well be older than the copy.
    if (File.GetLastWriteTimeUtc(target) == written)
    {
        continue;
    }

    File.WriteAllBytes(target, Publicize(File.ReadAllBytes(path)));
    File.SetLastWriteTimeUtc(target, written);
}

return 0;

static byte[] Publicize(byte[] assembly)
{
    using PEReader image = new(new MemoryStream(assembly));
    MetadataReader metadata = image.GetMetadataReader();
    foreach (TypeDefinitionHandle type in metadata.TypeDefinitions.Where(type => OfMlNet(metadata, type)))
    {
        TypeDefinition definition = metadata.GetTypeDefinition(type);
        assembly[Row(type, offset: 0)] = Type(assembly[Row(type, offset: 0)]);
        foreach (FieldDefinitionHandle field in definition.GetFields())
        {
            assembly[Row(field, offset: 0)] = Member(assembly[Row(field, offset: 0)]);
        }

        foreach (MethodDefinitionHandle method in definition.GetMethods())
        {
            assembly[Row(method, offset: 6)] = Member(assembly[Row(method, offset: 6)]); // after the 4-byte RVA and the 2-byte ImplFlags
        }
    }
    return assembly;

    int Row(EntityHandle handle, int offset)
    {
        MetadataTokens.TryGetTableIndex(handle.Kind, out TableIndex table);
        return image.PEHeaders.MetadataStartOffset
            + metadata.GetTableMetadataOffset(table)
            + ((MetadataTokens.GetRowNumber(handle) - 1) * metadata.GetTableRowSize(table))
            + offset;
    }
}

// Compilers put types of their own and copies of the framework's attributes into an assembly; public, they would clash with the framework's.
static bool OfMlNet(MetadataReader metadata, TypeDefinitionHandle type)
{
    TypeDefinition definition = metadata.GetTypeDefinition(type);
    return definition.GetDeclaringType() is { IsNil: false } outer
        ? OfMlNet(metadata, outer)
        : metadata.GetString(definition.Namespace).StartsWith("Microsoft.ML", StringComparison.Ordinal);
}

static byte Type(byte flags) =>
    (TypeAttributes)(flags & (byte)TypeAttributes.VisibilityMask) switch
    {
        TypeAttributes.NotPublic => (byte)(flags | (byte)TypeAttributes.Public),
        TypeAttributes.NestedAssembly or TypeAttributes.NestedFamANDAssem => (byte)(
            (flags & ~(byte)TypeAttributes.VisibilityMask) | (byte)TypeAttributes.NestedPublic
        ),
        _ => flags,
    };

static byte Member(byte flags) =>
    (MethodAttributes)(flags & (byte)MethodAttributes.MemberAccessMask) switch
    {
        MethodAttributes.Assembly or MethodAttributes.FamANDAssem => (byte)((flags & ~(byte)MethodAttributes.MemberAccessMask) | (byte)MethodAttributes.Public),
        _ => flags,
    };
