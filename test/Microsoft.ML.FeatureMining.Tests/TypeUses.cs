using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>
/// Dependencies between types, read from the IL of an assembly: base types, constraints, attributes, signatures and method bodies, with the signatures of
/// called methods. Nested and compiler-generated types count as their outer type. Constants and <c>nameof</c> do not appear in IL.
/// </summary>
internal static class TypeUses
{
    /// <summary>The full names of the using and the used type, without generic parameters, and the assembly of the used type.</summary>
    public static IReadOnlySet<(string User, string Used, string Assembly)> Of(string path)
    {
        using ModuleDefinition module = ModuleDefinition.ReadModule(path);
        return module
            .GetTypes()
            .SelectMany(user =>
                Uses(user)
                    .SelectMany(Parts)
                    .Select(used => (Name(user), Name(used), used.Scope is AssemblyNameReference other ? other.Name : module.Assembly.Name.Name))
            )
            .Where(use => use.Item1 != use.Item2)
            .ToHashSet();
    }

    private static string Name(TypeReference type)
    {
        while (type.DeclaringType is { } outer)
        {
            type = outer;
        }

        return type.FullName.Split('`')[0];
    }

    // Arrays, references, pointers and generic types contain other types.
    private static IEnumerable<TypeReference> Parts(TypeReference type) =>
        type switch
        {
            GenericParameter => [],
            GenericInstanceType generic => [generic.ElementType, .. generic.GenericArguments.SelectMany(Parts)],
            IModifierType modified => [.. Parts(modified.ElementType), .. Parts(modified.ModifierType)],
            FunctionPointerType function => Signature(function).SelectMany(Parts),
            TypeSpecification other => Parts(other.ElementType),
            _ => [type],
        };

    private static IEnumerable<TypeReference> Uses(TypeDefinition type) =>
        [
            .. type.BaseType is { } parent ? [parent] : Array.Empty<TypeReference>(),
            .. type.Interfaces.Select(implemented => implemented.InterfaceType),
            .. Constraints(type),
            .. Attributes(type),
            .. type.Fields.SelectMany(field => Attributes(field).Append(field.FieldType)),
            .. type.Properties.SelectMany(Attributes),
            .. type.Events.SelectMany(Attributes),
            .. type.Methods.SelectMany(Uses),
        ];

    private static IEnumerable<TypeReference> Uses(MethodDefinition method) =>
        [
            .. Signature(method),
            .. Constraints(method),
            .. Attributes(method),
            .. method.Parameters.SelectMany(Attributes),
            .. method.HasBody ? Uses(method.Body) : [],
        ];

    private static IEnumerable<TypeReference> Uses(MethodBody body) =>
        [
            .. body.Variables.Select(local => local.VariableType),
            .. body.ExceptionHandlers.Select(handler => handler.CatchType).OfType<TypeReference>(),
            .. body.Instructions.SelectMany(instruction =>
                instruction.Operand switch
                {
                    TypeReference type => [type],
                    FieldReference field => [field.DeclaringType, field.FieldType],
                    GenericInstanceMethod generic => [generic.DeclaringType, .. Signature(generic), .. generic.GenericArguments],
                    MethodReference called => [called.DeclaringType, .. Signature(called)],
                    _ => Array.Empty<TypeReference>(),
                }
            ),
        ];

    private static IEnumerable<TypeReference> Signature(IMethodSignature method) =>
        method.Parameters.Select(parameter => parameter.ParameterType).Append(method.ReturnType);

    private static IEnumerable<TypeReference> Constraints(IGenericParameterProvider generic) =>
        generic.GenericParameters.SelectMany(parameter => parameter.Constraints).Select(constraint => constraint.ConstraintType);

    private static IEnumerable<TypeReference> Attributes(Mono.Cecil.ICustomAttributeProvider provider) =>
        provider.CustomAttributes.SelectMany(attribute =>
            attribute
                .ConstructorArguments.Concat(attribute.Properties.Select(property => property.Argument))
                .SelectMany(argument => argument.Value is TypeReference named ? [argument.Type, named] : new[] { argument.Type })
                .Append(attribute.AttributeType)
        );
}
